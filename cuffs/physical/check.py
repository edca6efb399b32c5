"""All measurements of one person of a scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuffs.character import Identity, Topology, pose_bones
from cuffs.character.shell import posed_body
from cuffs.character.worn import dress
from cuffs.mesh_normals import vertex_normals
from cuffs.physical.cloth import Cloth, poke_through
from cuffs.physical.eyes import eye_gap_mm
from cuffs.physical.ground import foot_heights_mm, is_standing
from cuffs.physical.limbs import limb_depth_mm
from cuffs.records import PersonSpec, PhysicalRecord
from cuffs.rotations import rotvec_to_rotmat
from cuffs.scene.posed import limb_of_vertices


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was measured on one person, and where it is worst."""

    record: PhysicalRecord
    garment: str
    """Which garment skin stands out of most; empty where it stands out of none."""

    limb: str
    """The deepest limb and what it reaches into: `left_hand in torso`; empty where none does."""


def check_person(topology: Topology, identity: Identity, person: PersonSpec) -> Findings:
    """Measure one person of a scene, dressed and posed as the worker does it.

    Args:
        topology: the kind of character.
        identity: who.
        person: pose, place, face and clothes.
    """
    T_world_rest = pose_bones(topology, identity, rotvec_to_rotmat(person.pose), person.pelvis_world)
    body = posed_body(topology, identity, T_world_rest, person.face)
    worn = dress(topology, identity, person.character.garments, T_world_rest)
    return measure_person(
        topology,
        identity,
        body_world=body.verts,
        worn=[Cloth.of(garment) for garment in worn],
        action=person.body_source.action,
    )


def measure_person(
    topology: Topology,
    identity: Identity,
    *,
    body_world: Float[np.ndarray, "body 3"],
    worn: Sequence[Cloth],
    action: str | None,
) -> Findings:
    """Measure somebody who is posed and dressed already.

    Args:
        topology: the kind of character.
        identity: who.
        body_world: the whole body mesh, clothes' masks off, metres, z up, the ground at 0.
        worn: clothes.
        action: what the pose's source says that is done.
    """
    poking = poke_through(topology, body_world, worn)
    rest = identity.rest[topology.body_vertices].astype(float)
    normals = vertex_normals(body_world, topology.body_faces)
    depth_mm, where = limb_depth_mm(rest, body_world, normals, limb_of_vertices(topology))
    left_mm, right_mm = foot_heights_mm(topology, body_world)
    record = PhysicalRecord(
        skin_out=round(poking.share, 6),
        skin_out_mm=round(poking.deepest_mm, 3),
        feet_mm=(round(left_mm, 2), round(right_mm, 2)),
        standing=is_standing(action),
        limb_mm=round(depth_mm, 2),
        eye_mm=round(eye_gap_mm(topology, rest, body_world), 3),
    )
    return Findings(record=record, garment=poking.garment, limb=where)
