"""Posed bodies drawn without Blender, for sheets: shaded, seen from their front or from anywhere else."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int, UInt8

from cuffs.annotate.raster import Canvas, nearest_faces

Picture = UInt8[np.ndarray, "_ _ 3"]

PAPER: Final = 246
SKIN: Final = (214, 190, 170)
LEFT_HAND: Final = (96, 160, 222)
RIGHT_HAND: Final = (232, 150, 92)
LIGHT: Final = np.array([-0.35, -0.55, -0.76]) / np.linalg.norm([-0.35, -0.55, -0.76])
"""Towards the light, camera axes."""

FAR_M: Final = 12.0
"""The camera's distance: far enough that bodies look as on a drawing board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a body is looked at."""

    yaw_deg: float = 0.0
    """0 is from the front, 90 from its left."""

    pitch_deg: float = 6.0
    """Positive looks down."""

    width: int = 150
    height: int = 200
    alone: bool = True
    """Whether triangles are left out that have none of the vertices that the picture is fitted to."""


def draw_body(
    verts: Float[np.ndarray, "verts 3"],
    faces: Int[np.ndarray, "faces 3"],
    view: View,
    *,
    facing_rad: float = 0.0,
    colours: UInt8[np.ndarray, "faces 3"] | None = None,
    shown: Int[np.ndarray, " shown"] | None = None,
) -> Picture:
    """A body, fitted into the picture.

    Args:
        verts: metres; z is up.
        faces: triangles.
        view: from where, and how large.
        facing_rad: where the body faces, from x towards y.
        colours: of each triangle; skin if None.
        shown: vertices that the picture is fitted to, a hand's say; all if None.
    """
    if shown is not None and view.alone:
        wanted = np.zeros(len(verts), bool)
        wanted[shown] = True
        kept = wanted[faces].any(1)
        faces = faces[kept]
        colours = None if colours is None else colours[kept]
    points = verts @ _camera_axes(view, facing_rad).T
    framed = points if shown is None else points[shown]
    low, high = framed.min(0), framed.max(0)
    points = points - (low + high) / 2 + [0, 0, FAR_M]
    fitted = min(view.width / (high[0] - low[0]), view.height / (high[1] - low[1]))
    focal = 0.94 * fitted * (FAR_M - (high[2] - low[2]) / 2)
    K = np.array([[focal, 0, view.width / 2], [0, focal, view.height / 2], [0, 0, 1]])
    hit, _ = nearest_faces(points, faces, K, Canvas(left=0, top=0, width=view.width, height=view.height))
    paint = np.broadcast_to(np.array(SKIN), (len(faces), 3)) if colours is None else colours
    picture = np.full((view.height, view.width, 3), PAPER, np.uint8)
    drawn = hit >= 0
    picture[drawn] = (paint * _shade(points, faces)[:, None])[hit[drawn]]
    return picture


def hand_colours(faces: Int[np.ndarray, "faces 3"], hands: dict[str, Int[np.ndarray, " verts"]]) -> np.ndarray:
    """Skin, with the hands blue (left) and orange (right).

    Args:
        faces: triangles.
        hands: vertices of each hand: left, right.
    """
    colours = np.tile(np.array(SKIN, np.uint8), (len(faces), 1))
    for side, colour in (("left", LEFT_HAND), ("right", RIGHT_HAND)):
        colours[np.isin(faces, hands[side]).all(1)] = colour
    return colours


def _camera_axes(view: View, facing_rad: float) -> Float[np.ndarray, "3 3"]:
    """Rows: the camera's right, down and forward in the world."""
    yaw, pitch = facing_rad + np.radians(view.yaw_deg), np.radians(view.pitch_deg)
    back = np.array([np.cos(pitch) * np.cos(yaw), np.cos(pitch) * np.sin(yaw), np.sin(pitch)])
    right = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    return np.stack([right, np.cross(-back, right), -back])


def _shade(points: Float[np.ndarray, "verts 3"], faces: Int[np.ndarray, "faces 3"]) -> Float[np.ndarray, " faces"]:
    corners = points[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True).clip(1e-12)
    return 0.4 + 0.6 * np.clip(normals @ LIGHT, 0, 1)
