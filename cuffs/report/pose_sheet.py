"""The sheet of a recipe's poses: bodies, those that were refused, and what the poses are like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

from cuffs.body import BodyModel, body_parts, forward
from cuffs.publish import explained, publish_file
from cuffs.report.charts import (
    Picture,
    RangeRow,
    Size,
    bars,
    heading,
    histogram,
    labelled,
    ranges,
    scatter,
    stacked,
)  # fmt: skip
from cuffs.report.figures import View, draw_body, hand_colours
from cuffs.rotations import rotvec_to_rotmat
from cuffs.scene.people import facing_rad
from cuffs.skeleton import INDEX

COLUMNS: Final = 8
BODY_VIEW: Final = View(width=124, height=176)
HAND_YAW_DEG: Final = {"left": 55.0, "right": -55.0}
AROUND_M: Final = 0.16
"""What lies within this of a hand's middle is drawn around it."""

REFUSED_COLOUR: Final = (190, 30, 20)
BAND: Final = 26
"""Height of the text above each figure, two lines."""

BATCH: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """One pose on the sheet."""

    pose: Float[np.ndarray, "55 3"]
    """Axis-angle; the root in a world whose z is up."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Histogram:
    """Values before and after."""

    title: str
    values: Mapping[str, Float[np.ndarray, " n"]]
    span: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseMap:
    """Poses as points of a plane."""

    title: str
    before: Float[np.ndarray, "n 2"]
    after: Mapping[str, Float[np.ndarray, "m 2"]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseSheet:
    """All that is drawn."""

    title: str
    accepted: Sequence[Figure]
    refused: Sequence[Figure]
    causes: Mapping[str, int]
    histograms: Sequence[Histogram]
    maps: Sequence[PoseMap]
    body_ranges: Sequence[RangeRow]
    hand_ranges: Sequence[RangeRow]


def write_pose_sheet(path: Path, sheet: PoseSheet, model: BodyModel) -> None:
    """Write a PNG.

    Raises:
        OutputError: if it can't be written.
    """
    cells = list(figure_cells(sheet.accepted, model))
    width = COLUMNS * (cells[0].shape[1] + 6)
    rows: list[Sequence[Picture]] = [[heading(sheet.title, width)], *_grid(cells)]
    if sheet.refused:
        rows.append([heading("refused, with the first cause", width)])
        rows += _grid(list(figure_cells(sheet.refused, model, colour=REFUSED_COLOUR, around=True)), COLUMNS * 2 // 3)
    rows.append([heading("before (grey) and after (blue) what the recipe filters, weighs and refuses", width)])
    rows += _charts(sheet, width)
    picture = Image.fromarray(stacked(rows))
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with publish_file(path) as scratch:
        picture.save(scratch, format="PNG")


def figure_cells(
    figures: Sequence[Figure], model: BodyModel, *, colour: tuple[int, int, int] = (40, 40, 40), around: bool = False
) -> Iterator[Picture]:
    """Each pose as a picture: the body from its front, and both hands larger.

    Args:
        figures: the poses.
        model: the body model that they are drawn with.
        colour: of the text.
        around: each hand from two sides with what is around it, rather than alone from one.
    """
    parts = body_parts(model)
    hands = {side: parts[f"{side}_hand"] for side in ("right", "left")}
    paint = hand_colours(model.faces, hands)
    for first in range(0, len(figures), BATCH):
        some = figures[first : first + BATCH]
        rotmats = rotvec_to_rotmat(np.stack([figure.pose for figure in some]))
        nothing = np.zeros((len(some), 1))
        bodies, joints = forward(
            model, rotmats=rotmats, betas=nothing, expression=nothing, transl=np.zeros((len(some), 3))
        )
        for figure, verts, placed, root in zip(some, bodies, joints, rotmats[:, 0], strict=True):
            drawn = _Drawn(verts=verts, faces=model.faces, paint=paint, facing_rad=facing_rad(root))
            trunk = placed[INDEX["spine2"]]
            close = [
                drawn.hand_from_two_sides(hand, trunk) if around else drawn.hand_alone(hand, side)
                for side, hand in hands.items()
            ]
            picture = np.concatenate([drawn.picture(BODY_VIEW), np.concatenate(close)], 1)
            band = np.full((BAND, picture.shape[1], 3), 255, np.uint8)
            yield labelled(np.concatenate([band, picture]), figure.text, colour=colour)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Drawn:
    """A posed body to be drawn."""

    verts: Float[np.ndarray, "verts 3"]
    faces: Int[np.ndarray, "faces 3"]
    paint: UInt8[np.ndarray, "faces 3"]
    facing_rad: float

    def picture(self, view: View, shown: Int[np.ndarray, " shown"] | None = None) -> Picture:
        return draw_body(
            self.verts, self.faces, view, facing_rad=self.facing_rad, colours=self.paint, shown=shown
        )  # fmt: skip

    def hand_alone(self, hand: Int[np.ndarray, " hand"], side: str) -> Picture:
        return self.picture(View(yaw_deg=HAND_YAW_DEG[side], pitch_deg=15, width=88, height=88), hand)

    def hand_from_two_sides(self, hand: Int[np.ndarray, " hand"], trunk: Float[np.ndarray, "3"]) -> Picture:
        """From where it lies seen from the body, turned to both sides."""
        middle = self.verts[hand].mean(0)
        out = np.degrees(np.arctan2(*(middle - trunk)[[1, 0]]) - self.facing_rad)
        near = np.flatnonzero(np.linalg.norm(self.verts - middle, axis=1) < AROUND_M)
        views = [
            View(yaw_deg=float(out) + yaw, pitch_deg=pitch, width=88, height=88, alone=False)
            for yaw, pitch in ((-55, 10), (45, 40))
        ]
        return np.concatenate([self.picture(view, near) for view in views], 1)


def _grid(cells: Sequence[Picture], columns: int = COLUMNS) -> list[Sequence[Picture]]:
    return [cells[first : first + columns] for first in range(0, len(cells), columns)]


def _charts(sheet: PoseSheet, width: int) -> Iterator[Sequence[Picture]]:
    across = max(3, len(sheet.histograms) + bool(sheet.causes))
    size = Size(width=width // across - 6, height=150)
    first = [histogram(one.title, one.values, size, span=one.span) for one in sheet.histograms]
    if sheet.causes:
        first.append(bars("refused poses by first cause", sheet.causes, size))
    yield first
    quarter = width // 4 - 6
    maps = [scatter(one.title, one.before, one.after, Size(width=quarter, height=460)) for one in sheet.maps]
    tables = [
        ranges(title, rows, Size(width=quarter, height=460), span=(-120, 160))
        for title, rows in (("body joints, degrees", sheet.body_ranges), ("finger joints, degrees", sheet.hand_ranges))
        if rows
    ]
    yield [*maps, *tables]
