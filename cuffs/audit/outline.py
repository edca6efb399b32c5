"""Outlines: where a mask ends, and which vertices of a body make its outline, so that the two can be held together.

Everything is looked up at points instead of drawn, because an audit asks the same of many variants of a label.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy.ndimage import distance_transform_edt

WORKING_SIDE: Final = 448
"""Larger masks are looked at in every n-th pixel: outlines are compared over hundreds of points."""

REACH: Final = 12
"""How far outside its mask a person's field goes, in looked-at pixels; beyond, distances are of the border."""

EDGE_GAP: Final = 3.0
"""Points nearer to the picture's border, or to another person's mask, say nothing about an outline."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskField:
    """Signed distance to the outline of one person's mask: positive inside, pixels."""

    distance: Float[np.ndarray, "rows columns"]
    """Of a window around the mask."""

    is_other: Bool[np.ndarray, "rows columns"]
    """Another person's pixels."""

    left: int
    top: int
    """The window's corner, looked-at pixels."""

    step: int
    """Every so manieth pixel of the picture is looked at."""

    size: tuple[int, int]
    """Width and height of the picture, pixels."""


def looking_step(width: int, height: int) -> int:
    """Every how manieth pixel is looked at."""
    return max(1, round(max(width, height) / WORKING_SIDE))


def mask_field(mask: UInt8[np.ndarray, "height width"], person: int) -> MaskField | None:
    """The field of one person's mask; None where nothing of them is seen.

    Args:
        mask: the instance mask, i + 1 person i.
        person: i.
    """
    height, width = mask.shape
    step = looking_step(width, height)
    coarse = mask[::step, ::step]
    own = coarse == person + 1
    columns, rows = np.flatnonzero(own.any(0)), np.flatnonzero(own.any(1))
    if len(columns) < 4 or len(rows) < 4:
        return None
    left, top = max(0, int(columns[0]) - REACH), max(0, int(rows[0]) - REACH)
    window = (slice(top, int(rows[-1]) + 1 + REACH), slice(left, int(columns[-1]) + 1 + REACH))
    own, other = own[window], (coarse[window] > 0) & ~own[window]
    inside = np.asarray(distance_transform_edt(own), np.float32)
    outside = np.asarray(distance_transform_edt(~own), np.float32)
    distance = (np.where(own, inside - 0.5, 0.5 - outside) * step).astype(np.float32)
    return MaskField(
        distance=distance,
        is_other=other,
        left=left,
        top=top,
        step=step,
        size=(width, height),
    )


SHARPNESS: Final = 1.5
"""Of the agreement between an outline's points and a mask's border, looked-at pixels (standard deviation)."""

PENALTY: Final = 2.0
"""For points that stick out of the mask: clothes and hair go beyond a body, but a body not beyond its mask."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Agreement:
    """How well a point of a body's outline would lie anywhere near a mask: 1 on its border, 0 within, less outside."""

    value: Float[np.ndarray, "rows columns"]
    """Of the field's window; around it, `-PENALTY`."""

    field: MaskField


def agreement(field: MaskField) -> Agreement:
    """Agreement of every pixel with a mask's border."""
    distance = field.distance / field.step
    on_border = np.exp(-((distance / SHARPNESS) ** 2) / 2)
    sticks_out = np.clip(-distance - 0.7, 0, 3) / 3
    value = np.where(field.is_other, 0.0, on_border - PENALTY * sticks_out).astype(np.float32)
    return Agreement(value=value, field=field)


def agree(around: Agreement, pixels: Float[np.ndarray, "*batch points 2"]) -> Float[np.ndarray, "*batch points"]:
    """Agreement at points, between the pixels bilinearly; what lies outside the picture or the window disagrees."""
    field, value = around.field, around.value
    u = (pixels[..., 0] - 0.5) / field.step - field.left
    v = (pixels[..., 1] - 0.5) / field.step - field.top
    rows, columns = value.shape
    inside = (u >= 0) & (u < columns - 1) & (v >= 0) & (v < rows - 1)
    u, v = np.where(inside, u, 0.0), np.where(inside, v, 0.0)
    u0, v0 = u.astype(np.int64), v.astype(np.int64)
    fu, fv = (u - u0).astype(np.float32), (v - v0).astype(np.float32)
    upper = value[v0, u0] * (1 - fu) + value[v0, u0 + 1] * fu
    lower = value[v0 + 1, u0] * (1 - fu) + value[v0 + 1, u0 + 1] * fu
    return np.where(inside, upper * (1 - fv) + lower * fv, -PENALTY)


def shift_scores(
    around: Agreement, pixels: Float[np.ndarray, "points 2"], *, reach: int
) -> Float[np.ndarray, "shifts shifts"]:
    """Summed agreement of points moved by every whole number of looked-at pixels up to `reach`, [dy, dx].

    Args:
        around: of one person.
        pixels: points of the outline, well inside the picture.
        reach: in each direction.
    """
    field = around.field
    border = reach + 1
    padded = np.pad(around.value, border, constant_values=-PENALTY)
    u = np.rint((pixels[:, 0] - 0.5) / field.step - field.left).astype(np.int64) + border
    v = np.rint((pixels[:, 1] - 0.5) / field.step - field.top).astype(np.int64) + border
    u, v = np.clip(u, reach, padded.shape[1] - 1 - reach), np.clip(v, reach, padded.shape[0] - 1 - reach)
    shifts = np.arange(-reach, reach + 1)
    flat = (v * padded.shape[1] + u)[None, None] + (shifts[:, None] * padded.shape[1] + shifts[None])[..., None]
    return padded.ravel()[flat].sum(-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lookup:
    """What a field says at some points."""

    distance: Float[np.ndarray, " points"]
    """Pixels, positive inside the mask; outside the window at least `REACH` outside."""

    is_usable: Bool[np.ndarray, " points"]
    """In the picture, and neither near its border nor near another person's mask."""

    in_picture: Bool[np.ndarray, " points"]
    on_other: Bool[np.ndarray, " points"]


def look_up(field: MaskField, pixels: Float[np.ndarray, "points 2"]) -> Lookup:
    """Look a field up at points of the picture, bilinearly.

    Args:
        field: of one person.
        pixels: (x, y), pixel (0, 0) being the outer corner of the top-left one.
    """
    width, height = field.size
    x, y = pixels[:, 0], pixels[:, 1]
    in_picture = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    rows, columns = field.distance.shape
    u = (x - 0.5) / field.step - field.left
    v = (y - 0.5) / field.step - field.top
    in_window = in_picture & (u >= 0) & (u <= columns - 1) & (v >= 0) & (v <= rows - 1)
    u0 = np.clip(np.floor(np.where(in_window, u, 0)).astype(np.int64), 0, max(0, columns - 2))
    v0 = np.clip(np.floor(np.where(in_window, v, 0)).astype(np.int64), 0, max(0, rows - 2))
    fu, fv = np.where(in_window, u - u0, 0), np.where(in_window, v - v0, 0)
    rows_columns = [(v0, u0), (v0, u0 + 1), (v0 + 1, u0), (v0 + 1, u0 + 1)]
    weights = [(1 - fu) * (1 - fv), fu * (1 - fv), (1 - fu) * fv, fu * fv]
    distance = sum(field.distance[place] * weight for place, weight in zip(rows_columns, weights, strict=True))
    near_other = np.logical_or.reduce([field.is_other[place] for place in rows_columns]) & in_window
    gap = EDGE_GAP * field.step
    off_border = (x >= gap) & (x < width - gap) & (y >= gap) & (y < height - gap)
    return Lookup(
        distance=np.where(in_window, distance, -float(REACH * field.step)),
        is_usable=off_border & ~near_other,
        in_picture=in_picture,
        on_other=near_other,
    )


def outline_vertices(
    verts_cam: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]
) -> Bool[np.ndarray, " verts"]:
    """Vertices between faces that are turned towards the camera and faces that are turned away.

    Outlines within the body (an arm before the chest) are among them.

    Args:
        verts_cam: metres.
        faces: corners of triangles, outward.
    """
    a, b, c = (verts_cam[faces[:, corner]] for corner in range(3))
    away = (np.cross(b - a, c - a) * a).sum(1) > 0
    corners = faces.ravel()
    number = np.bincount(corners, minlength=len(verts_cam))
    turned = np.bincount(corners, np.repeat(away, 3), minlength=len(verts_cam))
    return (turned > 0) & (turned < number)
