"""The sheet of a recipe's poses: bodies, those that were refused, and what the poses are like."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float
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

COLUMNS: Final = 8
BODY_VIEW: Final = View(width=124, height=176)
HAND_YAW_DEG: Final = {"left": 55.0, "right": -55.0}
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
        rows += _grid(list(figure_cells(sheet.refused, model, colour=REFUSED_COLOUR)))
    rows.append([heading("before (grey) and after (blue) what the recipe filters, weighs and refuses", width)])
    rows += _charts(sheet, width)
    picture = Image.fromarray(stacked(rows))
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with publish_file(path) as scratch:
        picture.save(scratch, format="PNG")


def figure_cells(
    figures: Sequence[Figure], model: BodyModel, *, colour: tuple[int, int, int] = (40, 40, 40)
) -> Iterator[Picture]:
    """Each pose as a picture: the body from its front, and both hands larger."""
    parts = body_parts(model)
    hands = {side: parts[f"{side}_hand"] for side in ("left", "right")}
    paint = hand_colours(model.faces, hands)
    for first in range(0, len(figures), BATCH):
        some = figures[first : first + BATCH]
        rotmats = rotvec_to_rotmat(np.stack([figure.pose for figure in some]))
        nothing = np.zeros((len(some), 1))
        bodies, _ = forward(model, rotmats=rotmats, betas=nothing, expression=nothing, transl=np.zeros((len(some), 3)))
        for figure, verts, root in zip(some, bodies, rotmats[:, 0], strict=True):
            facing = facing_rad(root)
            body = draw_body(verts, model.faces, BODY_VIEW, facing_rad=facing, colours=paint)
            close = [
                draw_body(
                    verts,
                    model.faces,
                    View(yaw_deg=HAND_YAW_DEG[side], pitch_deg=15, width=88, height=88),
                    facing_rad=facing,
                    colours=paint,
                    shown=hands[side],
                )
                for side in ("right", "left")
            ]
            picture = np.concatenate([body, np.concatenate(close)], 1)
            band = np.full((BAND, picture.shape[1], 3), 255, np.uint8)
            yield labelled(np.concatenate([band, picture]), figure.text, colour=colour)


def _grid(cells: Sequence[Picture]) -> list[Sequence[Picture]]:
    return [cells[first : first + COLUMNS] for first in range(0, len(cells), COLUMNS)]


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
