"""Glasses as parts of the topology: frames of round bars before the eyes, with sides that lie on the ears."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.body_frame import BodyFrame
from cuffs.character.grown import Grown, tie
from cuffs.character.records import Part

Array = np.ndarray
Mesh = tuple[Float[Array, "_ 3"], Int[Array, "_ 3"]]

AROUND, BARS = 36, 8
BEFORE_EYES_M = 0.0265
"""How far before the eyes' middles the lenses stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glasses:
    """A pair of glasses."""

    width_m: float
    height_m: float
    power: float
    """2: lenses are ellipses; more: nearer to rectangles."""

    bar_m: float
    """Radius of the frame's bars."""


GLASSES: Mapping[str, Glasses] = MappingProxyType({
    "glasses_round": Glasses(width_m=0.047, height_m=0.044, power=2.0, bar_m=0.0009),
    "glasses_square": Glasses(width_m=0.052, height_m=0.036, power=4.0, bar_m=0.0018),
    "glasses_thin": Glasses(width_m=0.051, height_m=0.030, power=3.0, bar_m=0.0008),
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GlassesParts:
    """All glasses, and the points that they need; all follow the head alone."""

    parts: tuple[Part, ...]
    grown: Grown


def glasses_parts(frame: BodyFrame, skin: Int[Array, "faces 3"], ears: Int[Array, " n"], *, first: int) -> GlassesParts:
    """Make all glasses on the middling person.

    Args:
        frame: the middling person.
        skin: triangles of the head's skin, in full numbers.
        ears: full numbers of the ears' vertices.
        first: full number of the first point.
    """
    parts, points = [], []
    for name, glasses in GLASSES.items():
        verts, faces = _frame_mesh(frame, glasses, frame.rest[ears])
        count = len(verts)
        corners, bary = _beneath(verts, frame, skin)
        parts.append(
            Part(
                name=name,
                kind="fitted glasses",
                vertices=np.arange(first, first + count, dtype=np.int32),
                faces=faces.astype(np.int32),
                offset=np.zeros(count, np.float32),
                hides=np.zeros(0, np.int32),
                ease=np.zeros(count, np.float32),
                skin_corners=corners.astype(np.int32),
                skin_bary=bary.astype(np.float32),
                uv=np.zeros((len(faces), 3, 2), np.float32),
            )
        )
        points.append(verts)
        first += count
    eyes = _eye_corners(frame, skin)
    everything = np.concatenate(points)
    base = frame.rest[eyes].mean(0)
    return GlassesParts(
        parts=tuple(parts),
        grown=Grown(
            corners=np.tile(eyes, (len(everything), 1)),
            bary=np.full((len(everything), 3), 1 / 3),
            step=everything - base,
        ),
    )


def _eye_corners(frame: BodyFrame, skin: Int[Array, "faces 3"]) -> Int[Array, "3"]:
    """Three vertices of the skin that glasses are carried by: beside both eyes and on the nose's root."""
    used = np.unique(skin)
    left, right = frame.joint("left_eye"), frame.joint("right_eye")
    middle = (left + right) / 2
    steps = np.array([[0, -0.02, 0.004], [0.03, 0.01, 0.004], [-0.03, 0.01, 0.004]])
    places = np.stack([middle, left, right]) + steps
    return np.array([used[np.linalg.norm(frame.rest[used] - place, axis=1).argmin()] for place in places])


def _beneath(
    verts: Float[Array, "n 3"], frame: BodyFrame, skin: Int[Array, "faces 3"]
) -> tuple[Int[Array, "n 3"], Float[Array, "n 3"]]:
    found = tie(verts, frame.rest, skin)
    return found.corners, found.bary


def _frame_mesh(frame: BodyFrame, glasses: Glasses, ears: Float[Array, "n 3"]) -> Mesh:
    angle = 2 * np.pi * np.arange(AROUND) / AROUND
    eyes = {side: frame.joint(f"{side}_eye") for side in ("left", "right")}
    meshes = []
    for side, sign in (("left", 1.0), ("right", -1.0)):
        centre = eyes[side] + [0.0, -BEFORE_EYES_M, -0.004]
        cos, sin = np.cos(angle), np.sin(angle)
        x = 0.5 * glasses.width_m * np.sign(cos) * np.abs(cos) ** (2 / glasses.power)
        z = 0.5 * glasses.height_m * np.sign(sin) * np.abs(sin) ** (2 / glasses.power)
        bow = 2.2 * (x * sign + 0.5 * glasses.width_m).clip(0) ** 2  # lenses bend backwards at the temples
        meshes.append(_tube(centre + np.stack([x, bow, z], 1), glasses.bar_m, is_closed=True))
        own = ears[sign * ears[:, 0] > 0]
        top = own[own[:, 2] > np.quantile(own[:, 2], 0.7)].mean(0)
        hinge = centre + np.array([sign * 0.5 * glasses.width_m, 2.2 * glasses.width_m**2, 0.25 * glasses.height_m])
        out = np.array([sign * 0.006, 0.0, 0.0])
        over = np.array([top[0] + sign * 0.001, top[1] + 0.004, top[2] + 0.003])
        back, down = np.array([0.0, 0.006, 0.0]), np.array([0.0, 0.018, -0.022])
        way = np.stack([hinge, hinge + out + back, over - 5 * back, over, over + down])
        meshes.append(_tube(_smoothed(way), glasses.bar_m * 1.1, is_closed=False))
    inner = 0.5 * glasses.width_m
    left, right = eyes["left"] + [-inner, -BEFORE_EYES_M, 0.003], eyes["right"] + [inner, -BEFORE_EYES_M, 0.003]
    rise = np.array([0.0, -0.002, 0.003])
    bridge = np.stack([left, (2 * left + right) / 3 + rise, (left + 2 * right) / 3 + rise, right])
    meshes.append(_tube(_smoothed(bridge), glasses.bar_m, is_closed=False))
    first = np.cumsum([0, *(len(verts) for verts, _ in meshes[:-1])])
    faces = [faces + start for (_, faces), start in zip(meshes, first, strict=True)]
    return np.concatenate([verts for verts, _ in meshes]), np.concatenate(faces)


def _smoothed(way: Float[Array, "n 3"], *, steps: int = 6) -> Float[Array, "m 3"]:
    """A way with more points, its corners cut."""
    at = np.linspace(0, len(way) - 1, steps * (len(way) - 1) + 1)
    fine = np.stack([np.interp(at, np.arange(len(way)), axis) for axis in way.T], 1)
    for _ in range(steps):
        fine[1:-1] = (fine[:-2] + 2 * fine[1:-1] + fine[2:]) / 4
    return fine


def _tube(way: Float[Array, "n 3"], radius_m: float, *, is_closed: bool) -> Mesh:
    """A round bar along a way."""
    along = np.roll(way, -1, 0) - np.roll(way, 1, 0) if is_closed else np.gradient(way, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    aside = np.cross(along, [0.0, 1.0, 0.05])
    weak = np.linalg.norm(aside, axis=1, keepdims=True) < 0.2
    aside = np.where(weak, np.cross(along, [0.0, 0.0, 1.0]), aside)
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    up = np.cross(along, aside)
    angle = 2 * np.pi * np.arange(BARS) / BARS
    ring = np.cos(angle)[None, :, None] * aside[:, None] + np.sin(angle)[None, :, None] * up[:, None]
    verts = (way[:, None] + radius_m * ring).reshape(-1, 3)
    rows = np.arange(len(way)) if is_closed else np.arange(len(way) - 1)
    after = (rows + 1) % len(way)
    sector = np.arange(BARS)
    next_sector = (sector + 1) % BARS
    a, b = rows[:, None] * BARS + sector, rows[:, None] * BARS + next_sector
    c, d = after[:, None] * BARS + next_sector, after[:, None] * BARS + sector
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], 2).reshape(-1, 3)
    return verts, faces
