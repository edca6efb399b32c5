"""Reading a sample for the audit: whatever is wrong with its files is noted instead of ending the audit."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, UnidentifiedImageError
from scipy.ndimage import label

from cuffs.errors import RecordError
from cuffs.npz import MAX_ARRAY_BYTES
from cuffs.records import Sample
from cuffs.shards import ShardSample, read_member, read_sample

CRUMBS: Final = 0.05
"""Share of a person's mask that may lie in crumbs; strands of hair make some."""

CRUMB: Final = 0.005
"""A piece smaller than this share of the mask is a crumb."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRef:
    """Where a sample is."""

    tar: Path
    entry: ShardSample


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadSample:
    """A sample's files, as far as they could be read."""

    ref: SampleRef
    sample: Sample | None
    picture: UInt8[np.ndarray, "height width 3"] | None
    grey: UInt8[np.ndarray, "height width"] | None
    mask: UInt8[np.ndarray, "height width"] | None
    targets_cam: Float[np.ndarray, "people verts 3"] | None
    """Carried target vertices, metres, where the recipe kept them."""

    problems: tuple[str, ...]


def read_for_audit(ref: SampleRef) -> ReadSample:
    """Read all of a sample's files and note what is wrong with them."""
    problems: list[str] = []
    try:
        sample = read_sample(ref.tar, ref.entry)
    except RecordError as problem:
        return ReadSample(
            ref=ref, sample=None, picture=None, grey=None, mask=None, targets_cam=None, problems=(str(problem),)
        )
    if sample.key != ref.entry.key:
        problems.append(f"the annotation is of {sample.key}")
    picture = _picture(ref, sample, problems)
    grey = None if picture is None else np.asarray(Image.fromarray(picture).convert("L"))
    mask = _mask(ref, sample, problems)
    targets = _targets(ref, sample, problems)
    return ReadSample(
        ref=ref, sample=sample, picture=picture, grey=grey, mask=mask, targets_cam=targets, problems=tuple(problems)
    )


def has_member(ref: SampleRef, suffix: str) -> bool:
    """Whether a sample has a file."""
    return any(member.suffix == suffix for member in ref.entry.members)


def _picture(ref: SampleRef, sample: Sample, problems: list[str]) -> np.ndarray | None:
    try:
        picture = Image.open(io.BytesIO(read_member(ref.tar, ref.entry, "jpg")), formats=("JPEG", "PNG"))
        if picture.size != (sample.image.width, sample.image.height):
            problems.append(f"picture: it is {picture.size}, the annotation says {sample.image}")
            return None
        return np.asarray(picture.convert("RGB"))
    except (RecordError, UnidentifiedImageError, OSError, SyntaxError, ValueError) as problem:
        problems.append(f"picture: {problem}")
        return None


def _mask(ref: SampleRef, sample: Sample, problems: list[str]) -> np.ndarray | None:
    if not has_member(ref, "mask.png"):
        return None
    try:
        image = Image.open(io.BytesIO(read_member(ref.tar, ref.entry, "mask.png")), formats=("PNG",))
        mask = np.asarray(image)
    except (RecordError, UnidentifiedImageError, OSError, SyntaxError, ValueError) as problem:
        problems.append(f"mask: {problem}")
        return None
    if mask.shape != (sample.image.height, sample.image.width) or mask.dtype != np.uint8:
        problems.append(f"mask: it is {mask.shape[::-1]} of {mask.dtype}, the annotation says {sample.image}")
        return None
    found = _mask_problems(sample, mask)
    problems += found
    return None if found else mask


def _mask_problems(sample: Sample, mask: np.ndarray) -> list[str]:
    if int(mask.max(initial=0)) > len(sample.people):
        return [f"mask: it numbers {int(mask.max())} people, the annotation has {len(sample.people)}"]
    problems = []
    for number, person in enumerate(sample.people):
        own = mask == number + 1
        columns, rows = np.flatnonzero(own.any(0)), np.flatnonzero(own.any(1))
        box = None if len(columns) == 0 else (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
        if (box is None) != (person.bbox_xyxy is None):
            problems.append(f"mask: person {number} is {'not ' if box is None else ''}in it, the annotation differs")
        elif box is not None and person.bbox_xyxy is not None:
            gap = float(np.abs(np.array(box) - person.bbox_xyxy).max())
            if gap > 1:
                problems.append(f"mask: the box of person {number} is {gap:.0f} px off the annotation's")
            elif _crumbs(own[box[1] : box[3], box[0] : box[2]]) > CRUMBS:
                problems.append(f"mask: person {number} is in crumbs")
    return problems


def _crumbs(own: np.ndarray) -> float:
    """Share of a person's mask in pieces that are too small to be a part of anybody."""
    pieces = np.zeros(own.shape, np.int32)
    label(own, np.ones((3, 3), int), output=pieces)
    sizes = np.bincount(pieces.ravel())[1:]
    return float(sizes[sizes < CRUMB * sizes.sum()].sum() / sizes.sum())


def _targets(ref: SampleRef, sample: Sample, problems: list[str]) -> np.ndarray | None:
    if not has_member(ref, "verts.npz"):
        return None
    try:
        data = read_member(ref.tar, ref.entry, "verts.npz")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            if sum(info.file_size for info in arrays.zip.infolist()) > MAX_ARRAY_BYTES:
                raise ValueError("it claims more bytes than any here has")
            verts, origin_cam = arrays["verts"], arrays["origin_cam"]
        if verts.shape[0] != len(sample.people) or origin_cam.shape != (len(sample.people), 3):
            raise ValueError(f"it is of {verts.shape[0]} people, the annotation of {len(sample.people)}")
        return verts.astype(np.float64) * 1e-4 + origin_cam[:, None]
    except (RecordError, ValueError, KeyError, OSError) as problem:
        problems.append(f"target vertices: {problem}")
        return None
