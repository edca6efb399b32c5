"""Things between the camera and people that hide a part of them: configuration and sampler."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float

from cuffs.camera import inverse, project, transform
from cuffs.config import require_fraction, require_span
from cuffs.lens import bend
from cuffs.records import CameraSpec, PlaceSpec, ThingSpec
from cuffs.scene import furnishing, outside
from cuffs.scene.furnishing import Piece
from cuffs.scene.gates import NEAREST_M
from cuffs.scene.layout import PERSON_GAP_M, Polygon, Stage, hull, overlap, reaches, rectangle
from cuffs.skeleton import INDEX

Array = np.ndarray
Rng = np.random.Generator

TRIES = 40
EYE_GAP_M = 0.45
"""Least distance of an occluder from the camera."""

FLAT_M = 0.05
"""Things lower than this may lie beneath an occluder."""

INDOORS = (
    furnishing.PLANT, furnishing.CHAIR, furnishing.OFFICE_CHAIR, furnishing.ARMCHAIR, furnishing.SIDE_TABLE,
    furnishing.TABLE, furnishing.LAMP, furnishing.CHEST, furnishing.SHELF, furnishing.COLUMN,
)  # fmt: skip
OUTDOORS = (
    outside.BOLLARD, outside.BIN, outside.SIGN, outside.POST, outside.PLANTER, outside.BENCH, outside.BUSH,
    outside.CHAIR, outside.TABLE, outside.RAILING, outside.WALL,
)  # fmt: skip
STUDIO = (furnishing.CHAIR, furnishing.PLANT, furnishing.CRATE, furnishing.CARTON, furnishing.COLUMN, furnishing.LAMP)

PIECES: Mapping[str, Sequence[Piece]] = {
    "room": INDOORS, "blend": INDOORS, "studio": STUDIO, "street": OUTDOORS, "park": OUTDOORS, "outdoor": OUTDOORS,
    "hdri": OUTDOORS, "photo": OUTDOORS,
}  # fmt: skip
"""What may stand in the way, by kind of place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OccluderConfig:
    """Something in front of people."""

    share: float = 0.0
    """Scenes that have one. Where none fits, there is none."""

    hides: tuple[float, float] = (0.05, 0.4)
    """Share of a person that it may hide, holes counted as hidden: at least the first of one, at most the second of
    everybody."""

    hides_heads: bool = False

    def __post_init__(self) -> None:
        require_fraction("place.occluders.share", self.share)
        require_span("place.occluders.hides", self.hides, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """What the camera sees of people."""

    camera: CameraSpec
    bodies: Sequence[Float[Array, "verts 3"]]
    """Each person's vertices, world."""

    joints: Sequence[Float[Array, "55 3"]]


def sample_occluder(
    config: OccluderConfig, place: PlaceSpec, stage: Stage, view: View, rng: Rng
) -> tuple[ThingSpec, ...]:
    """Draw what stands in the way: one thing, or none.

    Args:
        config: how often, and how much it may hide.
        place: what stands there already.
        stage: people and camera, seen from above.
        view: people as the camera sees them.
        rng: random numbers.
    """
    if rng.uniform() >= config.share:
        return ()
    taken = [_outline(thing) for thing in place.things if thing.size_m[2] > FLAT_M and thing.size_m[0] < 50]
    pieces = PIECES[place.kind]
    for _ in range(TRIES):
        thing = _somewhere(pieces[int(rng.integers(len(pieces)))].draw(rng), place, stage, rng)
        if place.room is not None and thing.size_m[2] > place.room.size_m[2]:
            continue
        if _is_free(_outline(thing), stage, taken) and _hides_right(config, thing, view):
            return (thing,)
    return ()


def hidden(thing: ThingSpec, camera: CameraSpec, points_world: Float[Array, "n 3"]) -> Bool[Array, " n"]:
    """Which points lie behind the outline of a thing's box, as the camera sees it; all where the camera is within it.

    An upper bound: a chair hides less than its box.
    """
    T_cam_world = inverse(camera.T_world_cam)
    corners_cam = transform(T_cam_world, _corners(thing))
    points_cam = transform(T_cam_world, points_world)
    if corners_cam[:, 2].min() < NEAREST_M:
        return np.ones(len(points_world), bool)
    ahead = points_cam[:, 2] > corners_cam[:, 2].min()
    outline = hull(project(bend(corners_cam, camera.distortion), camera.K))
    pixels = project(bend(np.where(ahead[:, None], points_cam, [0.0, 0.0, 1.0]), camera.distortion), camera.K)
    edge = np.roll(outline, -1, axis=0) - outline
    offset = pixels[:, None] - outline[None]
    inside = (edge[None, :, 0] * offset[..., 1] - edge[None, :, 1] * offset[..., 0] >= 0).all(1)
    return ahead & inside


def _somewhere(thing: ThingSpec, place: PlaceSpec, stage: Stage, rng: Rng) -> ThingSpec:
    """Between the camera and one of the people, a little to a side."""
    target, radius = stage.people[int(rng.integers(len(stage.people)))]
    way = target - stage.eye[:2]
    share, aside = float(rng.uniform(0.25, 0.85)), float(rng.normal(0, 0.6 * (radius + 0.3)))
    across = np.array([-way[1], way[0]]) / np.linalg.norm(way)
    middle = stage.eye[:2] + share * way + aside * across
    x, y = (round(float(value), 4) for value in middle)
    turn = place.rotation_deg + 90.0 * float(rng.integers(4)) if place.room is not None else float(rng.uniform(0, 360))
    return replace(thing, at_world=(x, y, 0.0), yaw_deg=round(turn % 360, 3))


def _is_free(outline: Polygon, stage: Stage, taken: Sequence[Polygon]) -> bool:
    if reaches(outline, stage.eye[:2], EYE_GAP_M):
        return False
    if any(reaches(outline, middle, radius + PERSON_GAP_M) for middle, radius in stage.people):
        return False
    return not any(overlap(outline, other) for other in taken)


def _hides_right(config: OccluderConfig, thing: ThingSpec, view: View) -> bool:
    shares = [float(hidden(thing, view.camera, body).mean()) for body in view.bodies]
    if not config.hides[0] <= max(shares) <= config.hides[1]:
        return False
    heads = np.array([joints[INDEX["head"]] + [0.0, 0.0, 0.08] for joints in view.joints])
    return config.hides_heads or not hidden(thing, view.camera, heads).any()


def _outline(thing: ThingSpec) -> Polygon:
    return rectangle(np.array(thing.at_world[:2]), thing.size_m[:2], np.radians(thing.yaw_deg))


def _corners(thing: ThingSpec) -> Float[Array, "8 3"]:
    outline = _outline(thing)
    low = thing.at_world[2]
    return np.concatenate([np.column_stack([outline, np.full(4, z)]) for z in (low, low + thing.size_m[2])])
