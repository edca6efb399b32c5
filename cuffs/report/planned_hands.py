"""How large hands will be in a plan's pictures, measured without rendering: on the posed characters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.annotate.visibility import longer_side
from cuffs.camera import inverse, project, transform
from cuffs.character import Identity, Topology
from cuffs.lens import bend
from cuffs.plan import Plan, read_chunk
from cuffs.records import PersonSpec, SceneSpec
from cuffs.scene.gates import NEAREST_M
from cuffs.scene.posed import PosedBody, pose_body
from cuffs.skeleton import FINGERS, INDEX, LIMBS

OPEN_DEG = 25.0
"""Mean turn of the joints of four fingers (not the thumb) up to which a hand counts as open."""

FACING_DEG = 30.0
"""Between an open hand's plane and the image plane, up to which it counts as facing the camera."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHand:
    """One hand of a planned picture."""

    key: str
    side: str
    hand_px: float
    """Longer side of the box around it, as the annotation's `hand_px` has it."""

    is_open: bool
    tilt_deg: float
    """Between the palm and the image plane."""


def planned_hands(folder: Path, plan: Plan) -> Iterator[PlannedHand]:
    """Every hand of each slot's first scene, whether it will be hidden or not. Open characters alone: a plan of
    HumGen3D's humans holds no mesh to measure.

    Raises:
        RecordError: if a file of the plan is missing or damaged.
    """
    topology = Topology.load(folder / "assets/characters/open.npz")
    identities: dict[str, Identity] = {}
    for chunk in range(plan.num_chunks):
        for slot in read_chunk(folder, plan, chunk).slots:
            for person in slot.specs[0].people:
                name = person.character.identity
                if name not in identities:
                    identities[name] = Identity.load(folder / f"assets/identities/{name}.npz")
                body = pose_body(topology, identities[name], person.pose, pelvis_world=person.pelvis_world)
                yield from hands_of(slot.specs[0], person, body)


def hands_of(spec: SceneSpec, person: PersonSpec, body: PosedBody) -> Iterator[PlannedHand]:
    """Both hands of one posed person; none that reaches behind the camera."""
    T_cam_world = inverse(spec.camera.T_world_cam)
    for side in ("left", "right"):
        verts_cam = transform(T_cam_world, body.verts[body.limb == LIMBS.index(f"{side}_hand")])
        if verts_cam[:, 2].min() < NEAREST_M:
            continue
        pixels = project(bend(verts_cam, spec.camera.distortion), spec.camera.K)
        joints_cam = transform(T_cam_world, body.joints)
        yield PlannedHand(
            key=spec.key,
            side=side,
            hand_px=longer_side(pixels),
            is_open=finger_turn_deg(person.pose, side) <= OPEN_DEG,
            tilt_deg=palm_tilt_deg(joints_cam, side),
        )


def finger_turn_deg(pose: Float[np.ndarray, "55 3"], side: str) -> float:
    """Mean angle of the joints of the four fingers, against the flat hand."""
    joints = [INDEX[f"{side}_{finger}{n}"] for finger in FINGERS if finger != "thumb" for n in (1, 2, 3)]
    return float(np.degrees(np.linalg.norm(pose[joints], axis=1)).mean())


def palm_tilt_deg(joints_cam: Float[np.ndarray, "55 3"], side: str) -> float:
    """Angle between the palm (wrist, index's and little finger's knuckles) and the image plane, 0 to 90."""
    wrist, index, little = (joints_cam[INDEX[f"{side}_{name}"]] for name in ("wrist", "index1", "pinky1"))
    normal = np.cross(index - wrist, little - wrist)
    return float(np.degrees(np.arccos(np.clip(abs(normal[2]) / np.linalg.norm(normal), 0.0, 1.0))))


def hand_figures(hands: Sequence[PlannedHand]) -> dict[str, float | int | None]:
    """Median `hand_px` over all hands, and over open ones that face the camera; None where there are none."""
    facing = [hand.hand_px for hand in hands if hand.is_open and hand.tilt_deg <= FACING_DEG]
    return {
        "hands": len(hands),
        "median_hand_px": _median([hand.hand_px for hand in hands]),
        "open_facing_hands": len(facing),
        "open_facing_median_hand_px": _median(facing),
    }


def _median(values: Sequence[float]) -> float | None:
    return round(float(np.median(values)), 2) if values else None
