"""All checks of one person of a scene, and their limits."""

from dataclasses import dataclass

from cuffs.character import Identity, Topology, pose_bones
from cuffs.character.shell import posed_body
from cuffs.character.worn import dress
from cuffs.mesh_normals import vertex_normals
from cuffs.physical.cloth import poke_through
from cuffs.physical.eyes import eye_gap_mm
from cuffs.physical.ground import foot_heights_mm, is_standing
from cuffs.physical.limbs import limb_depth_mm
from cuffs.records import PersonSpec
from cuffs.rotations import rotvec_to_rotmat
from cuffs.scene.posed import limb_of_vertices


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalLimits:
    """From where on something can't be in reality."""

    poking_share: float = 0.001
    """Skin beneath cloth that stands out of it by more than 2 mm."""

    feet_mm: float = 10.0
    """Feet that bear, above or below the ground."""

    limb_mm: float = 35.0
    """How deep a limb may press into another: flesh gives way."""

    eye_mm: float = 6.0
    """How far eyes may move in their sockets; lids move too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What was measured on one person."""

    poking_share: float
    poking_mm: float
    poking_garment: str
    feet_mm: tuple[float, float]
    """Height of the left and the right foot above the ground."""

    is_standing: bool
    """Whether both feet should bear."""

    limb_mm: float
    limb_where: str
    eye_mm: float

    def causes(self, limits: PhysicalLimits) -> tuple[str, ...]:
        """Names of what is beyond its limit, for counting."""
        found = []
        if self.poking_share > limits.poking_share:
            found.append("skin_through_cloth")
        if self.is_standing and max(abs(height) for height in self.feet_mm) > limits.feet_mm:
            found.append("feet_off_ground")
        if min(self.feet_mm) < -limits.feet_mm:
            found.append("feet_in_ground")
        if self.limb_mm > limits.limb_mm:
            found.append("limb_in_body")
        if self.eye_mm > limits.eye_mm:
            found.append("eyes_out_of_place")
        return tuple(found)


def check_person(topology: Topology, identity: Identity, person: PersonSpec) -> Findings:
    """Measure one person of a scene, dressed and posed as the worker does it.

    Args:
        topology: the kind of character.
        identity: who.
        person: pose, place, face and clothes.
    """
    T_world_rest = pose_bones(topology, identity, rotvec_to_rotmat(person.pose), person.pelvis_world)
    body = posed_body(topology, identity, T_world_rest, person.face)
    poking = poke_through(topology, body.verts, dress(topology, identity, person.character.garments, T_world_rest))
    rest = identity.rest[topology.body_vertices].astype(float)
    depth_mm, where = limb_depth_mm(
        rest,
        body.verts,
        vertex_normals(body.verts, body.faces),
        limb_of_vertices(topology),
    )
    return Findings(
        poking_share=poking.share,
        poking_mm=poking.deepest_mm,
        poking_garment=poking.garment,
        feet_mm=foot_heights_mm(topology, body.verts),
        is_standing=is_standing(person.body_source.action),
        limb_mm=depth_mm,
        limb_where=where,
        eye_mm=eye_gap_mm(topology, rest, body.verts),
    )
