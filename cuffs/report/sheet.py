"""Contact sheets: each sample as image | labelled body over it | joints."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from cuffs.annotate.annotate import pose_label
from cuffs.body import BodyModel
from cuffs.lens import bend
from cuffs.publish import publish_file
from cuffs.records import PersonRecord, Sample
from cuffs.report.draw import caption, overlay, skeleton
from cuffs.shards import ShardSample, read_member, read_sample

Picture = UInt8[np.ndarray, "height width 3"]


def sample_row(model: BodyModel, image: Picture, sample: Sample) -> UInt8[np.ndarray, "height three_widths 3"]:
    """One sample: image, labelled bodies, joints, side by side."""
    distortion = sample.camera.distortion
    bodies = [bend(pose_label(model, person.smplx)[0], distortion) for person in sample.people]
    drawn = overlay(image, bodies, model.faces, sample.camera.K)
    joints = skeleton(image, sample)
    return np.concatenate([caption(image, sample.key), caption(drawn, _residuals(sample.people)), joints], axis=1)


def write_sheet(
    path: Path, rows: Sequence[tuple[Path, ShardSample]], model: BodyModel, *, cell_px: int = 320, columns: int = 2
) -> None:
    """Write a PNG with a row of pictures for each sample.

    Args:
        path: the PNG.
        rows: tar and entry of each sample.
        model: body model of the labels.
        cell_px: width of each picture.
        columns: samples side by side.

    Raises:
        OutputError: if it can't be written.
    """
    cells = []
    for tar_path, entry in rows:
        sample = read_sample(tar_path, entry)
        image = np.asarray(Image.open(io.BytesIO(read_member(tar_path, entry, "jpg"))).convert("RGB"))
        row = Image.fromarray(sample_row(model, image, sample))
        height = round(cell_px * sample.image.height / sample.image.width)
        cells.append(np.asarray(row.resize((3 * cell_px, height), Image.Resampling.LANCZOS)))
    with publish_file(path) as scratch:
        Image.fromarray(_grid(cells, columns)).save(scratch, format="PNG")


def write_pictures(
    path: Path, rows: Iterable[tuple[Path, ShardSample]], *, count: int, cell_px: int = 320, columns: int = 8
) -> int:
    """Write a PNG of photographs alone, of people none of whom is shown twice; how many there are.

    Args:
        path: the PNG.
        rows: tar and entry of each sample.
        count: of pictures, at most.
        cell_px: width of each picture.
        columns: pictures side by side.

    Raises:
        OutputError: if it can't be written.
    """
    seen: set[str] = set()
    cells: list[Picture] = []
    for tar_path, entry in rows:
        people = {person.character.identity for person in read_sample(tar_path, entry).people if person.character}
        if len(cells) == count or not people.isdisjoint(seen):
            continue
        seen |= people
        image = Image.open(io.BytesIO(read_member(tar_path, entry, "jpg"))).convert("RGB")
        height = round(cell_px * image.height / image.width)
        cells.append(np.asarray(image.resize((cell_px, height), Image.Resampling.LANCZOS)))
    with publish_file(path) as scratch:
        Image.fromarray(_grid(cells, columns)).save(scratch, format="PNG")
    return len(cells)


def _grid(cells: Sequence[Picture], columns: int, gap: int = 6) -> Picture:
    height, width = max(cell.shape[0] for cell in cells), max(cell.shape[1] for cell in cells)
    columns = min(columns, len(cells))
    lines = -(-len(cells) // columns)
    sheet = np.full((lines * (height + gap) + gap, columns * (width + gap) + gap, 3), 32, np.uint8)
    for number, cell in enumerate(cells):
        top = gap + number // columns * (height + gap)
        left = gap + number % columns * (width + gap)
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet


def _residuals(people: Sequence[PersonRecord]) -> str:
    """The fit's mean residuals of each person, millimetres: all vertices, then left and right hand."""
    parts = [
        f"{person.fit_mm.all.mean:.1f}|{person.fit_mm.left_hand.mean:.1f}|{person.fit_mm.right_hand.mean:.1f}"
        for person in people
        if person.fit_mm is not None
    ]
    return f"mm all|hands: {'  '.join(parts)}" if parts else ""
