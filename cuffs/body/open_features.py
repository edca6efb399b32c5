"""Where the features of the open body's face are: eyelids and lips are found as a picture from the front shows them."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.skeleton import EYEBALLS, INDEX, VERTEX_PICKS

Array = np.ndarray

PIXEL_M = 0.00025
FAR_M = 1e5
"""How far away the picture is taken from: far enough to have no perspective."""

MOUTH_DEPTH_M = 0.05
"""What lies this far behind the nose's tip is the mouth's inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Where a face's features are seen from the front (x, y), metres, SMPL-X's axes: the left half."""

    eye: Float[Array, "2"]
    """Centre of the left eyeball."""

    eye_radius: float
    nose_tip: Float[Array, "2"]
    lids: Float[Array, "6 2"]
    """The left eye's rim: inner corner, above (inner, outer), outer corner, below (outer, inner)."""

    lips: Float[Array, "5 2"]
    """The open mouth's rim: left corner, above (near the middle, in the middle), below (in the middle, near it)."""

    lips_y: float
    """Where closed lips meet, in the middle."""


def find_features(
    verts: Float[Array, "verts 3"],
    opened: Float[Array, "verts 3"],
    faces: Int[Array, "faces 3"],
    weights: Float[Array, "verts 55"],
) -> Features:
    """Find the features: eyeballs and nose are known by number, lids rim the eyeball, lips the mouth's depth.

    Args:
        verts: T-pose.
        opened: the same with the mouth a little open.
        faces: triangles.
        weights: skinning weights.
    """
    eyeball = verts[EYEBALLS["left"]]
    eye = (eyeball.min(0) + eyeball.max(0)) / 2
    nose = verts[VERTEX_PICKS["nose"]]
    view = _View(left=0.0, top=float(eye[1]) + 0.02, width=0.06, height=0.15)
    number, _ = view.look(verts, faces)
    x, y = view.places()
    bare = (faces[number] >= EYEBALLS["left"].start).all(-1) & (number >= 0) & (y > eye[1] - 0.02)
    _, z = view.look(opened, faces)
    inside = (z < nose[2] - MOUTH_DEPTH_M) & (y < nose[1] - 0.015) & (y > nose[1] - 0.06) & (x < eye[0])
    return Features(
        eye=eye[:2],
        eye_radius=float(np.ptp(eyeball[:, 0]) / 2),
        nose_tip=nose[:2],
        lids=_lids(bare, x, y),
        lips=_lips(inside, x, y),
        lips_y=_lips_meet(verts, weights, nose),
    )


def _lips_meet(verts: Float[Array, "verts 3"], weights: Float[Array, "verts 55"], nose: Float[Array, "3"]) -> float:
    """Height in the middle between the lips' skin that follows the jaw and that which doesn't."""
    jaw = weights[:, INDEX["jaw"]]
    below = nose[1] - verts[:, 1]
    front = (np.abs(verts[:, 0]) < 0.004) & (verts[:, 2] > nose[2] - 0.035) & (below > 0) & (below < 0.08)
    return float((verts[front & (jaw < 0.3), 1].min() + verts[front & (jaw > 0.5), 1].max()) / 2)


def _lids(bare: Bool[Array, "h w"], x: Float[Array, "h w"], y: Float[Array, "h w"]) -> Float[Array, "6 2"]:
    inner, outer = x[bare].min(), x[bare].max()
    corners = [(edge + step, y[bare & (x == edge)].mean()) for edge, step in ((inner, -PIXEL_M), (outer, PIXEL_M))]
    first, second = ((inner * (3 - third) + outer * third) / 3 for third in (1, 2))
    above = [_rim(bare, x, y, at, up=True) for at in (first, second)]
    below = [_rim(bare, x, y, at, up=False) for at in (second, first)]
    return np.array([corners[0], *above, corners[1], *below])


def _lips(inside: Bool[Array, "h w"], x: Float[Array, "h w"], y: Float[Array, "h w"]) -> Float[Array, "5 2"]:
    corner = x[inside].max()
    near = corner / 3
    above = [_rim(inside, x, y, at, up=True) for at in (near, 0.0)]
    below = [_rim(inside, x, y, at, up=False) for at in (0.0, near)]
    return np.array([(corner + PIXEL_M, y[inside & (x == corner)].mean()), *above, *below])


def _rim(
    region: Bool[Array, "h w"], x: Float[Array, "h w"], y: Float[Array, "h w"], at: float, *, up: bool
) -> tuple[float, float]:
    """The place just above or below a region, in one column."""
    column = int(np.abs(x[0] - at).argmin())
    rows = y[:, column][region[:, column]]
    return at, float(rows.max() + PIXEL_M if up else rows.min() - PIXEL_M)


@dataclass(frozen=True, slots=True, kw_only=True)
class _View:
    """A window of the face as seen from the front, metres."""

    left: float
    top: float
    width: float
    height: float

    def places(self) -> tuple[Float[Array, "h w"], Float[Array, "h w"]]:
        """x and y of each pixel's centre."""
        columns, rows = (round(size / PIXEL_M) for size in (self.width, self.height))
        x = self.left + PIXEL_M * (np.arange(columns) + 0.5)
        y = self.top - PIXEL_M * (np.arange(rows) + 0.5)
        found_x, found_y = np.meshgrid(x, y)
        return found_x, found_y

    def look(
        self, verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"]
    ) -> tuple[Int[Array, "h w"], Float[Array, "h w"]]:
        """The triangle in front at each pixel (-1: none), and its z."""
        K = np.array([[FAR_M / PIXEL_M, 0, -self.left / PIXEL_M], [0, FAR_M / PIXEL_M, self.top / PIXEL_M], [0, 0, 1]])
        canvas = Canvas(left=0, top=0, width=round(self.width / PIXEL_M), height=round(self.height / PIXEL_M))
        number, depth = nearest_faces(verts * [1.0, -1.0, -1.0] + [0.0, 0.0, FAR_M], faces, K, canvas)
        return number, FAR_M - depth
