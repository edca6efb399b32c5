"""Where things may stand: clear of people, camera and the way between them, and of each other. Seen from above.

Shapes are convex polygons in the world's x and y, metres.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from cuffs.records import CameraSpec, ImageSpec

Array = np.ndarray
Polygon = Float[Array, "_ 2"]

PERSON_GAP_M = 0.15
"""Between people and furniture."""

EYE_RADIUS_M = 0.4
"""Around the camera nothing stands."""

VIEW_MARGIN_DEG = 10.0
"""Beyond the frame's sides: what casts its shadow into the picture is built as well."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """People and camera, seen from above, before anything surrounds them."""

    people: tuple[tuple[Float[Array, "2"], float], ...]
    """Middle and radius of a circle around each."""

    eye: Float[Array, "3"]
    """The camera's place, metres."""

    forward: Float[Array, "2"]
    """Level direction in which it looks, unit."""

    half_view_rad: float
    """From the middle of its view to the farther side."""

    head_z: float
    """Height of the highest head."""

    @property
    def centre(self) -> Float[Array, "2"]:
        """Middle of everybody."""
        return np.mean([middle for middle, _ in self.people], axis=0)

    def corridor(self) -> Polygon:
        """What lies between the camera and everybody: kept free of all but occluders."""
        eye = self.eye[:2]
        rim = [middle + (radius + 0.1) * ring for middle, radius in self.people for ring in _ring(12)]
        near = [eye + 0.2 * ring for ring in _ring(6)]
        return hull(np.array([*rim, *near]))

    def in_view(self, middle: Float[Array, "2"], radius: float) -> bool:
        """Whether a circle is at least partly seen, or nearly so."""
        offset = middle - self.eye[:2]
        distance = float(np.linalg.norm(offset))
        if distance <= radius + 0.5:
            return True
        angle = np.arccos(np.clip(offset @ self.forward / distance, -1, 1))
        return bool(angle < self.half_view_rad + np.radians(VIEW_MARGIN_DEG) + np.arcsin(min(1.0, radius / distance)))

    def moved_in_view(self, distance_m: float, angle_share: float) -> Float[Array, "2"]:
        """A point at a distance from the camera; angle_share -1 to 1 goes from the view's left side to its right."""
        angle = -angle_share * self.half_view_rad
        cos, sin = np.cos(angle), np.sin(angle)
        x, y = self.forward
        return self.eye[:2] + distance_m * np.array([cos * x - sin * y, sin * x + cos * y])


@dataclass(slots=True)
class Layout:
    """What is taken so far. Everything placed later keeps clear of it."""

    stage: Stage
    taken: list[Polygon] = field(default_factory=list)
    corridor: Polygon = field(init=False)

    def __post_init__(self) -> None:
        self.corridor = self.stage.corridor()

    def is_free(self, shape: Polygon, *, gap_m: float = 0.03, blocks_view: bool = True) -> bool:
        """Whether something may stand here.

        Args:
            shape: its outline.
            gap_m: kept to other things.
            blocks_view: False for flat things, which may lie between camera and people, and under these.
        """
        if blocks_view:
            if overlap(shape, self.corridor):
                return False
            if any(reaches(shape, middle, radius + PERSON_GAP_M) for middle, radius in self.stage.people):
                return False
            if reaches(shape, self.stage.eye[:2], EYE_RADIUS_M):
                return False
        grown = grow(shape, gap_m)
        return not any(overlap(grown, other) for other in self.taken)

    def take(self, shape: Polygon) -> None:
        """Nothing else may stand here from now on."""
        self.taken.append(shape)


def stage_of(bodies: Sequence[Float[Array, "verts 3"]], camera: CameraSpec, image: ImageSpec) -> Stage:
    """People and camera of a scene.

    Args:
        bodies: each person's vertices, world, metres.
        camera: as drawn.
        image: its size.
    """
    people = []
    for verts in bodies:
        low, high = verts[:, :2].min(0), verts[:, :2].max(0)
        middle = (low + high) / 2
        people.append((middle, float(np.linalg.norm(verts[:, :2] - middle, axis=1).max())))
    T = camera.T_world_cam
    forward = T[:2, 2] / np.linalg.norm(T[:2, 2])
    sides = np.arctan(np.array([camera.K[0, 2], image.width - camera.K[0, 2]]) / camera.K[0, 0])
    return Stage(
        people=tuple(people),
        eye=T[:3, 3],
        forward=forward,
        half_view_rad=float(sides.max()),
        head_z=float(max(verts[:, 2].max() for verts in bodies)),
    )


def rectangle(middle: Float[Array, "2"], size: tuple[float, float], yaw_rad: float) -> Polygon:
    """A rectangle turned about its middle, counter-clockwise."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * np.array(size) / 2
    cos, sin = np.cos(yaw_rad), np.sin(yaw_rad)
    return corners @ np.array([[cos, sin], [-sin, cos]]) + middle


def overlap(first: Polygon, second: Polygon) -> bool:
    """Whether two convex polygons share a point: no edge of either separates them."""
    for polygon in (first, second):
        edges = np.roll(polygon, -1, axis=0) - polygon
        normals = np.stack([edges[:, 1], -edges[:, 0]], 1)
        one, two = first @ normals.T, second @ normals.T
        if bool(((one.max(0) < two.min(0)) | (two.max(0) < one.min(0))).any()):
            return False
    return True


def reaches(polygon: Polygon, middle: Float[Array, "2"], radius: float) -> bool:
    """Whether a convex polygon (counter-clockwise) comes within a circle."""
    after = np.roll(polygon, -1, axis=0)
    edge = after - polygon
    outward = np.stack([edge[:, 1], -edge[:, 0]], 1)
    if bool((np.einsum("ci,ci->c", middle - polygon, outward) <= 0).all()):
        return True
    share = np.einsum("ci,ci->c", middle - polygon, edge) / np.maximum(np.einsum("ci,ci->c", edge, edge), 1e-12)
    nearest = polygon + np.clip(share, 0, 1)[:, None] * edge
    return bool(np.linalg.norm(nearest - middle, axis=1).min() < radius)


def grow(polygon: Polygon, gap_m: float) -> Polygon:
    """A polygon moved outwards from its middle by about a gap."""
    outward = polygon - polygon.mean(0)
    return polygon + gap_m * outward / np.linalg.norm(outward, axis=1, keepdims=True)


def hull(points: Float[Array, "n 2"]) -> Polygon:
    """Convex hull, counter-clockwise: Andrew's monotone chain (1979)."""
    ordered = sorted(map(tuple, points.tolist()))
    chains = []
    for run in (ordered, ordered[::-1]):
        chain: list[tuple[float, ...]] = []
        for point in run:
            while len(chain) >= 2 and _turn(chain[-2], chain[-1], point) <= 0:
                chain.pop()
            chain.append(point)
        chains += chain[:-1]
    return np.array(chains)


def _turn(first: tuple[float, ...], second: tuple[float, ...], third: tuple[float, ...]) -> float:
    """Positive where the way over three points turns left."""
    return (second[0] - first[0]) * (third[1] - first[1]) - (second[1] - first[1]) * (third[0] - first[0])


def _ring(count: int) -> Float[Array, "count 2"]:
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([np.cos(angle), np.sin(angle)], 1)
