"""All that a picture shows of a character, posed: skin that no cloth covers, eyes, clothes, hair. Numpy alone.

The twin of what Blender's worker builds; tests hold the two together, and poke-through is measured on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.body_frame import vertex_normals
from cuffs.character.pose_bones import skin_vertices, with_face
from cuffs.character.records import Identity, Part, Topology
from cuffs.character.worn import dress
from cuffs.records import CharacterSpec

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """Triangles."""

    verts: Float[Array, "verts 3"]
    faces: Int[Array, "faces 3"]


def posed_body(
    topology: Topology, identity: Identity, T_world_rest: Float[Array, "bones 4 4"], face: Mapping[str, float]
) -> Mesh:
    """The whole body mesh, clothes' masks off: what the label is fitted to."""
    rest = with_face(topology, identity.rest, face)[topology.body_vertices]
    verts = skin_vertices(topology, rest, T_world_rest, vertices=topology.body_vertices)
    return Mesh(verts=verts, faces=topology.body_faces)


def posed_part(
    topology: Topology,
    identity: Identity,
    part: Part,
    *,
    T_world_rest: Float[Array, "bones 4 4"],
    face: Mapping[str, float],
) -> Mesh:
    """Hair's surface. It is lifted off the neutral rest mesh, and then follows face and rig."""
    rest = identity.rest.astype(np.float64)
    moved = with_face(topology, rest, face)[part.vertices]
    lift = part.offset[:, None] * vertex_normals(rest[part.vertices], part.faces)
    return Mesh(verts=skin_vertices(topology, moved + lift, T_world_rest, vertices=part.vertices), faces=part.faces)


def visible_body(topology: Topology, body: Mesh, worn: Sequence[Part]) -> Mesh:
    """The body without the faces that have a vertex beneath something worn."""
    is_hidden = np.zeros(len(topology.skin_bones), bool)
    for part in worn:
        is_hidden[part.hides] = True
    return Mesh(verts=body.verts, faces=body.faces[~is_hidden[topology.body_vertices][body.faces].any(1)])


def posed_shell(
    topology: Topology,
    identity: Identity,
    look: CharacterSpec,
    *,
    T_world_rest: Float[Array, "bones 4 4"],
    face: Mapping[str, float],
) -> Mesh:
    """Everything that shows, in one mesh.

    Args:
        topology: the kind of character.
        identity: who.
        look: clothes and hair.
        T_world_rest: from `pose_bones`.
        face: weights of facial actions.
    """
    body = posed_body(topology, identity, T_world_rest, face)
    worn = dress(topology, identity, look.garments, T_world_rest)
    grown = [topology.part(hair.name) for hair in (*((look.hair,) if look.hair else ()), *look.fur)]
    meshes = [
        visible_body(topology, body, [*(garment.part for garment in worn), *grown]),
        *(posed_part(topology, identity, part, T_world_rest=T_world_rest, face=face) for part in grown),
        *(Mesh(verts=garment.verts, faces=garment.faces) for garment in worn),
    ]
    first = np.cumsum([0, *(len(mesh.verts) for mesh in meshes[:-1])])
    return Mesh(
        verts=np.concatenate([mesh.verts for mesh in meshes]),
        faces=np.concatenate([mesh.faces + start for mesh, start in zip(meshes, first, strict=True)]),
    )
