"""Laying a photograph behind a scene: its horizon on the camera's, its proportions kept, the whole frame covered.

A photograph's camera is taken to be level but for its tilt, which its horizon tells. Where its angle of view is known
and wide enough, things in it have the size that the scene's camera would show them in; else it is enlarged until it
covers.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuffs.records import PlaceSpec
from cuffs.warp import Frame

Array = np.ndarray

LEAST_SHARE = 0.25
"""Of the true size's scale: a photograph is enlarged four times at most, and its edge repeated beyond."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plate:
    """Where each place of the rendered frame is looked up in a photograph."""

    matrix: Float[Array, "2 3"]
    """From (x, y, 1) to (x, y); both as shares from the left and from below."""


def plate_of(place: PlaceSpec, T_world_cam: Float[Array, "4 4"], frame: Frame, photo_size: tuple[int, int]) -> Plate:
    """How a place's photograph lies behind what a camera sees.

    Args:
        place: its horizon, its angle of view; `rotation_deg` chooses the part shown, where there is more than needed.
        T_world_cam: the camera.
        frame: what is rendered.
        photo_size: the photograph's width and height, pixels.
    """
    level, horizon_px = _level(T_world_cam, frame)
    corners = np.array([[0, 0], [frame.width, 0], [0, frame.height], [frame.width, frame.height]], float) @ level.T
    width, height = photo_size
    above, below = horizon_px - corners[:, 1].min(), corners[:, 1].max() - horizon_px
    left, right = corners[:, 0].min(), corners[:, 0].max()
    focal = width / 2 / np.tan(np.radians(place.photo_fov_x_deg) / 2)
    true = focal / frame.K[0, 0]
    room = [width / (right - left)]
    room += [place.horizon * height / above] if above > 0 else []
    room += [(1 - place.horizon) * height / below] if below > 0 else []
    scale = float(np.clip(min(room), LEAST_SHARE * true, true))
    spare = max(0.0, width - scale * (right - left))
    aside = spare * ((place.rotation_deg / 360.0) % 1.0)
    start = np.array([aside - scale * left, place.horizon * height - scale * horizon_px])
    photo_from_frame = np.column_stack([scale * level, start])
    frame_from_share = np.array([[frame.width, 0, 0], [0, -frame.height, frame.height], [0, 0, 1.0]])
    x, y = photo_from_frame @ frame_from_share
    return Plate(matrix=np.stack([x / width, np.array([0, 0, 1.0]) - y / height]))


def _level(T_world_cam: Float[Array, "4 4"], frame: Frame) -> tuple[Float[Array, "2 2"], float]:
    """The turn that makes the horizon run level in the picture, and how far down it runs then, pixels.

    Looking straight up or down there is no horizon: the picture stays as it is, the horizon at its nearer edge.
    """
    line = np.linalg.inv(frame.K).T @ T_world_cam[2, :3]  # above it, line · (x, y, 1) > 0
    length = float(np.hypot(line[0], line[1]))
    if length * max(frame.width, frame.height) < 1e-3:
        return np.eye(2), 0.0 if T_world_cam[2, 2] < 0 else float(frame.height)
    x, y = -line[:2] / length  # down, in the picture
    return np.array([[y, -x], [x, y]]), float(line[2] / length)
