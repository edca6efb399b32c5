"""The skull of the middling person, and surfaces of hair upon it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.body_frame import BodyFrame

Array = np.ndarray

MOST_PUSHES, NEAR_ENOUGH_M = 20, 1e-3

CLEAR_M = 0.03
"""Hair that hangs lower than the head keeps this far from the skin: shirts lie between."""

NECK_M = 0.10
"""Hair this far below the skull's middle or farther hangs beside neck and shoulders."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Triangles of hair."""

    points: Float[Array, "points 3"]
    faces: Int[Array, "faces 3"]
    hangs: Bool[Array, " points"]
    """Points that hang free, rather than lie on the scalp."""

    volume: Int[Array, "2 rows columns"] = field(default_factory=lambda: np.zeros((2, 0, 0), int))
    """Numbers of the points of a cap's inner and outer layer, from the crown to the hairline and on to hanging ends;
    columns where nothing hangs repeat the nearest that do."""

    tail: Int[Array, "2 tail_rows tail_columns"] = field(default_factory=lambda: np.zeros((2, 0, 0), int))
    """Likewise of a bun or ponytail."""


class Skull:
    """The skull of the middling person, seen from its middle."""

    def __init__(self, frame: BodyFrame, scalp: Int[Array, "faces 3"], body: Int[Array, "body_faces 3"]) -> None:
        import trimesh

        self.centre = (frame.joint("left_eye") + frame.joint("right_eye")) / 2 + [0.0, 0.085, 0.013]
        self._scalp = trimesh.Trimesh(frame.rest, scalp, process=False)
        self._body = trimesh.Trimesh(frame.rest, body, process=False)

    def directions(self, azimuth_deg: Array, elevation_deg: Array) -> Array:
        """Unit vectors; azimuth grows towards the person's left."""
        a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
        return np.stack([np.sin(a) * np.cos(e), -np.cos(a) * np.cos(e), np.sin(e)], -1)

    def radius(self, directions: Float[Array, "n 3"]) -> Float[Array, " n"]:
        """Distance from the middle to the scalp, metres; across the ears' holes that of the nearest ray that hits."""
        origins = np.tile(self.centre, (len(directions), 1))
        points, rays, _ = self._scalp.ray.intersects_location(origins, directions)
        found = np.full(len(directions), np.nan)
        for ray, distance in zip(rays, np.linalg.norm(points - self.centre, axis=1), strict=True):
            found[ray] = np.nanmin([found[ray], distance])
        found[found > 0.16] = np.nan  # through an ear's hole, out at the shoulder
        hits = np.flatnonzero(np.isfinite(found))
        for ray in np.flatnonzero(np.isnan(found)):
            found[ray] = found[hits[(directions[hits] @ directions[ray]).argmax()]]
        return found

    def pushed_clear(self, points: Float[Array, "n 3"], outwards: Float[Array, "n 3"]) -> Float[Array, "n 3"]:
        """Points beside neck and shoulders moved outwards until they keep clear of the skin."""
        import trimesh

        moved = points.copy()
        close = np.flatnonzero(points[:, 2] < self.centre[2] - NECK_M)
        for _ in range(MOST_PUSHES):
            short = CLEAR_M + trimesh.proximity.signed_distance(self._body, moved[close])  # positive inside
            close, short = close[short > NEAR_ENOUGH_M], short[short > NEAR_ENOUGH_M]
            if not len(close):
                break
            moved[close] += np.clip(short, 0, 0.02)[:, None] * outwards[close]
        return moved


def joined(surfaces: Sequence[Surface]) -> Surface:
    """Several surfaces as one; numbers of layers are left out."""
    first = np.cumsum([0, *(len(surface.points) for surface in surfaces[:-1])])
    return Surface(
        points=np.concatenate([surface.points for surface in surfaces]),
        faces=np.concatenate([surface.faces + start for surface, start in zip(surfaces, first, strict=True)]),
        hangs=np.concatenate([surface.hangs for surface in surfaces]),
    )
