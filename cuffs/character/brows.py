"""Brows, as strips on the skin."""

import numpy as np
from jaxtyping import Int

from cuffs.character.body_frame import BodyFrame
from cuffs.character.open_hair import Surface, joined

Array = np.ndarray

BROW_COLUMNS = 10
BROW_LIFT_M = 0.0008


def brows(frame: BodyFrame, skin: Int[Array, "faces 3"]) -> Surface:
    """Both brows, as strips on the skin."""
    import trimesh

    mesh = trimesh.Trimesh(frame.rest, skin, process=False)
    along = np.linspace(0, 1, BROW_COLUMNS)
    height = 0.0165 + 0.0055 * np.sin(np.pi * along**0.8 * 0.85)
    width = 0.0042 * (1 - 0.75 * along**2)
    strips = []
    for side in ("left", "right"):
        eye = frame.joint(f"{side}_eye")
        sign = np.sign(eye[0])
        x = sign * (0.011 + 0.042 * along)
        rows = [np.stack([x, np.full_like(x, eye[1] - 0.2), eye[2] + height + step * width], -1) for step in (-1, 0, 1)]
        start = np.concatenate(rows)
        hits, rays, _ = mesh.ray.intersects_location(start, np.tile([0.0, 1.0, 0.0], (len(start), 1)))
        depth = np.full(len(start), np.inf)
        np.minimum.at(depth, rays, hits[:, 1])
        lift = np.repeat([0.1, 1.0, 0.1], BROW_COLUMNS) * BROW_LIFT_M + 0.0004
        points = np.stack([start[:, 0], depth - lift, start[:, 2]], -1)
        on_skin = np.zeros(len(points), bool)
        strips.append(Surface(points=points, faces=_strip_faces(is_left=bool(sign > 0)), hangs=on_skin))
    return joined(strips)


def _strip_faces(*, is_left: bool) -> Int[Array, "faces 3"]:
    faces = []
    for row in range(2):
        for column in range(BROW_COLUMNS - 1):
            a, b = row * BROW_COLUMNS + column, row * BROW_COLUMNS + column + 1
            faces += [[a, b, b + BROW_COLUMNS], [a, b + BROW_COLUMNS, a + BROW_COLUMNS]]
    return np.array(faces) if is_left else np.array(faces)[:, ::-1]
