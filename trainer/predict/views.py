"""What was found as pictures: over the photograph, from the side, from above."""

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image, ImageDraw, ImageFont

from cuffs.report.draw import overlay
from trainer.predict.finder import FoundPeople, FoundPerson

PAPER, GRID, INK = (250, 250, 250), (205, 205, 205), (90, 90, 90)
MARGIN_M = 0.3
MIN_SIDE = 224
"""Of the drawn views, pixels: smaller ones show nothing."""

FAR = 200.0
"""Distance of the drawn views' eye, in their extents: from so far away, it is as good as a parallel projection."""

FROM_SIDE = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
"""Camera axes to those of a view from the left: depth to the right, down stays down, and the left side in front."""

FROM_ABOVE = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""Camera axes to those of a view from above: depth upwards, as on a map whose lower edge is the camera."""


def draw_views(
    found: FoundPeople, faces: Int[np.ndarray, "faces 3"], *, with_sides: bool
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """The photograph with the bodies over it; beside it, where wanted, the bodies from the side and from above.

    Args:
        found: people of a picture.
        faces: of the body model.
        with_sides: whether to draw the two other views; squares with a line for each metre. A small photograph is
            enlarged to be as high as both.
    """
    bodies = [person.verts_cam for person in found.people]
    pixels, K = found.frame.pixels, found.K
    if with_sides and len(pixels) < 2 * MIN_SIDE:
        pixels, K = _enlarged(pixels, K, 2 * MIN_SIDE / len(pixels))
    drawn = overlay(pixels, bodies, faces, K) if bodies else pixels
    if not with_sides:
        return drawn
    side = max(MIN_SIDE, drawn.shape[0] // 2)
    views = [
        draw_from(found.people, faces, turn, side=side, label=label)
        for turn, label in ((FROM_SIDE, "from the left"), (FROM_ABOVE, "from above"))
    ]
    sheet = np.full((max(drawn.shape[0], 2 * side), drawn.shape[1] + side, 3), PAPER, np.uint8)
    sheet[: drawn.shape[0], : drawn.shape[1]] = drawn
    sheet[: 2 * side, drawn.shape[1] :] = np.concatenate(views)
    return sheet


def _enlarged(
    pixels: UInt8[np.ndarray, "height width 3"], K: Float[np.ndarray, "3 3"], factor: float
) -> tuple[UInt8[np.ndarray, "larger_height larger_width 3"], Float[np.ndarray, "3 3"]]:
    """The picture with more pixels, and K for it."""
    size = (round(pixels.shape[1] * factor), round(pixels.shape[0] * factor))
    scale = np.diag([size[0] / pixels.shape[1], size[1] / pixels.shape[0], 1.0])
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS)), scale @ K


def draw_from(
    people: tuple[FoundPerson, ...],
    faces: Int[np.ndarray, "faces 3"],
    turn: Float[np.ndarray, "3 3"],
    *,
    side: int,
    label: str,
) -> UInt8[np.ndarray, "side side 3"]:
    """A parallel view of the bodies, on paper with a line for each metre.

    Args:
        people: in the camera frame.
        faces: of the body model.
        turn: camera axes to the view's (x right, y down, z away from the eye).
        side: of the square, pixels.
        label: written in its corner.
    """
    bodies = [person.verts_cam @ turn.T for person in people]
    points = np.concatenate(bodies) if bodies else np.array([[0.0, 0.0, 0.0], [2.0, 2.0, 2.0]])
    low, high = points.min(0)[:2] - MARGIN_M, points.max(0)[:2] + MARGIN_M
    extent = float((high - low).max())
    middle, px_per_m = (low + high) / 2, side / extent
    paper = _paper(middle, px_per_m, side=side, label=label)
    if not bodies:
        return paper
    eye = FAR * extent
    K = np.array([[px_per_m * eye, 0, side / 2], [0, px_per_m * eye, side / 2], [0, 0, 1.0]])
    depth = float(points[:, 2].mean())
    seen = [body - np.array([*middle, depth - eye]) for body in bodies]
    return overlay(paper, seen, faces, K, opacity=1.0)


def _paper(
    middle: Float[np.ndarray, "2"], px_per_m: float, *, side: int, label: str
) -> UInt8[np.ndarray, "side side 3"]:
    """A grid of whole metres."""
    picture = Image.new("RGB", (side, side), PAPER)
    draw = ImageDraw.Draw(picture)
    letters = max(9, side // 30)
    font = ImageFont.load_default(size=letters)
    half = side / px_per_m / 2
    for axis in (0, 1):
        for metre in range(int(np.ceil(middle[axis] - half)), int(np.floor(middle[axis] + half)) + 1):
            at = (metre - middle[axis]) * px_per_m + side / 2
            draw.line([(at, 0), (at, side)] if axis == 0 else [(0, at), (side, at)], fill=GRID)
    draw.text((4, side - letters - 6), f"{label}; a line each metre", fill=INK, font=font)
    return np.asarray(picture)
