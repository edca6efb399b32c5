"""What is refused, before and after rendering, with the cause that is counted in the card."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import KDTree

from cuffs.camera import in_frame, inverse, transform
from cuffs.config import require_fraction
from cuffs.errors import ConfigError
from cuffs.lens import bend
from cuffs.records import CameraSpec, FitResidual, ImageSpec
from cuffs.skeleton import LIMBS

NEAREST_M = 0.1
"""A scene with a body vertex nearer to the camera than this is refused (design.md, section 10)."""

FIT_PARTS = ("all", "body", "head", "left_hand", "right_hand", "fingers", "face")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatesConfig:
    """Limits on single scenes. Whatever is refused is recorded with its cause, and a spare takes its place."""

    head_in_frame: bool = True
    """Planning: every head joint must lie within the image."""

    min_in_frame: float = 0.5
    """Planning: least share of each body's vertices within the image."""

    hand_in_body_mm: float = 15.0
    """Planning: how deep a hand may reach into the rest of the body (flesh gives way a little)."""

    limb_in_body_mm: float = 35.0
    """Planning: how deep an arm or a leg may reach into another limb."""

    feet_off_ground_mm: float = 10.0
    """Planning: how far above the ground a foot of somebody who stands may be."""

    people_gap_m: float = 0.03
    """Planning: least distance between two people's surfaces."""

    fit_mean_mm: Mapping[str, float] = field(
        default_factory=lambda: {"all": 8.0, "left_hand": 4.0, "right_hand": 4.0, "face": 5.0}
    )
    """After rendering: largest mean residual of the fit by part (all, body, head, left_hand, right_hand, fingers,
    face); parts that aren't named have no limit."""

    fit_p95_mm: Mapping[str, float] = field(default_factory=lambda: {"all": 25.0})
    """After rendering: the same for the 95th percentile."""

    converged: bool = True
    """After rendering: the fit must have converged."""

    skin_out: float = 0.001
    """After rendering: largest share of the skin beneath a person's clothes that stands out of them by over 2 mm."""

    expression_face_mm: float = 3.0
    """After rendering: `expression_valid` is set where the face's mean residual is at most this; nothing is refused."""

    min_visible: float = 0.05
    """After rendering: least visible fraction of each person."""

    def __post_init__(self) -> None:
        require_fraction("gates.min_in_frame", self.min_in_frame)
        require_fraction("gates.min_visible", self.min_visible)
        require_fraction("gates.skin_out", self.skin_out)
        for name in ("fit_mean_mm", "fit_p95_mm"):
            if unknown := getattr(self, name).keys() - set(FIT_PARTS):
                raise ConfigError(f"gates.{name}: no such part {sorted(unknown)}; there are {', '.join(FIT_PARTS)}.")


def framing_cause(
    config: GatesConfig,
    camera: CameraSpec,
    image: ImageSpec,
    *,
    verts_world: Float[np.ndarray, "verts 3"],
    head_world: Float[np.ndarray, "3"],
) -> str | None:
    """Why a person can't be photographed like this; None where nothing speaks against it."""
    T_cam_world = inverse(camera.T_world_cam)
    verts_cam = transform(T_cam_world, verts_world)
    if verts_cam[:, 2].min() < NEAREST_M:
        return "too_near"
    size = {"width": image.width, "height": image.height}
    head_cam = bend(transform(T_cam_world, head_world[None]), camera.distortion)
    if config.head_in_frame and not in_frame(head_cam, camera.K, **size)[0]:
        return "head_out_of_frame"
    if in_frame(bend(verts_cam, camera.distortion), camera.K, **size).mean() < config.min_in_frame:
        return "out_of_frame"
    return None


def hand_in_body_cause(
    config: GatesConfig,
    *,
    verts: Float[np.ndarray, "verts 3"],
    normals: Float[np.ndarray, "verts 3"],
    limb: Int[np.ndarray, " verts"],
) -> str | None:
    """Whether a hand reaches deeper into another limb than flesh gives way.

    Args:
        config: the limit.
        verts: one person's posed body mesh, metres.
        normals: outward, unit.
        limb: number of each vertex's limb in `skeleton.LIMBS`.

    A hand's vertex counts as inside where it lies behind the nearest vertex of another limb, seen along its normal.
    The arm that the hand belongs to is left out: the wrist joins them.
    """
    for side in ("left", "right"):
        own = [LIMBS.index(f"{side}_hand"), LIMBS.index(f"{side}_arm")]
        hand = verts[limb == own[0]]
        other = ~np.isin(limb, own)
        distance, nearest = KDTree(verts[other]).query(hand, distance_upper_bound=0.1)
        near = np.isfinite(distance)
        if not near.any():
            continue
        points, number = hand[near], np.asarray(nearest)[near]
        depth_m = -np.einsum("vi,vi->v", points - verts[other][number], normals[other][number])
        inside = (depth_m > config.hand_in_body_mm / 1000) & (depth_m > 0.7 * np.asarray(distance)[near])
        if inside.sum() >= 3:
            return f"{side}_hand_in_body"
    return None


def overlap_cause(config: GatesConfig, people: list[Float[np.ndarray, "verts 3"]]) -> str | None:
    """Whether two people come closer than the limit."""
    trees = [KDTree(verts) for verts in people]
    for first in range(len(people)):
        for second in range(first + 1, len(people)):
            distance, _ = trees[first].query(people[second], distance_upper_bound=config.people_gap_m)
            if np.isfinite(distance).any():
                return "people_overlap"
    return None


def fit_cause(config: GatesConfig, residual: FitResidual, *, converged: bool) -> str | None:
    """Why a fit can't be trusted; None where it can."""
    if config.converged and not converged:
        return "fit_not_converged"
    for limits, measure in ((config.fit_mean_mm, "mean"), (config.fit_p95_mm, "p95")):
        for part in sorted(limits):
            if getattr(getattr(residual, part), measure) > limits[part]:
                return f"fit_{part}_{measure}"
    return None
