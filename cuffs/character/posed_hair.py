"""Hair of somebody posed: of the head, brows, lashes and beards. Numpy alone."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from cuffs.character.fur import fur_strands
from cuffs.character.hair_fall import fallen_strands
from cuffs.character.pose_bones import skin_vertices, with_face
from cuffs.character.records import Identity, Part, Topology
from cuffs.character.shell import posed_part
from cuffs.seeding import stream

Array = np.ndarray


def posed_strands(
    topology: Topology,
    identity: Identity,
    part: Part,
    *,
    T_world_rest: Float[Array, "bones 4 4"],
    face: Mapping[str, float],
    seed: int,
) -> Float[Array, "strands points 3"]:
    """Every strand from root to tip, world, metres.

    Args:
        topology: the kind of character.
        identity: who.
        part: hair with layers, or fur.
        T_world_rest: from `pose_bones`.
        face: weights of facial actions.
        seed: which of the many alike.
    """
    rng = stream(seed, f"hair {part.name}")
    if part.kind != "fur":
        verts = posed_part(topology, identity, part, T_world_rest=T_world_rest, face=face).verts
        return fallen_strands(part, verts, rng)
    used = np.unique(part.skin_corners)
    rest = identity.rest.astype(np.float64)
    moved = np.zeros(rest.shape)
    moved[used] = skin_vertices(topology, with_face(topology, rest, face)[used], T_world_rest, vertices=used)
    return fur_strands(part, rest, moved, rng)
