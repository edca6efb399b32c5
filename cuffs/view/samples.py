"""What the viewer shows: samples by their residual, and of one the meshes, distances and picture."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from cuffs.annotate.annotate import pose_label
from cuffs.audit.read import SampleRef, read_for_audit
from cuffs.body import BodyModel
from cuffs.errors import RecordError
from cuffs.export.stream import SourceSample, pinhole_picture
from cuffs.records import Sample
from cuffs.shards import iterate_samples, read_member

MAX_PICTURE_PX = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A sample in the list."""

    ref: SampleRef
    residual_mm: float | None
    """The largest mean residual among its people; None where labels are no fits."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """All samples, the worst first; those without residual last, in the shards' order."""

    samples: tuple[Ranked, ...]

    def place(self, key: str) -> int | None:
        """Where a key is; None where it isn't."""
        return next((n for n, one in enumerate(self.samples) if one.ref.entry.key == key), None)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewedPerson:
    """A person ready to be shown; metres, camera frame."""

    verts_cam: Float[np.ndarray, "verts 3"]
    target_cam: Float[np.ndarray, "verts 3"] | None
    """The character carried onto the body model's vertices, where these were kept."""

    distance_mm: Float[np.ndarray, " verts"] | None
    joints_cam: Float[np.ndarray, "55 3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ViewedSample:
    """A sample ready to be shown."""

    sample: Sample
    people: tuple[ViewedPerson, ...]
    picture: UInt8[np.ndarray, "height width 3"]
    """Straightened where the lens bends, and padded so that the principal point is its middle: the viewer's cameras
    know neither."""

    fov_y_rad: float
    aspect: float


def rank_samples(folder: Path, progress: Callable[[int], object] = lambda _: None) -> Ranking:
    """Look at every annotation for its residual.

    Args:
        folder: a dataset.
        progress: told how many were looked at, each time some were.

    Raises:
        RecordError: if there are no shards, or an annotation is no JSON.
    """
    found = []
    for tar, _, entry in iterate_samples(folder):
        found.append(
            Ranked(ref=SampleRef(tar=tar, entry=entry), residual_mm=_residual_mm(SampleRef(tar=tar, entry=entry)))
        )
        progress(1)
    found.sort(key=lambda one: -np.inf if one.residual_mm is None else one.residual_mm, reverse=True)
    return Ranking(tuple(found))


def _residual_mm(ref: SampleRef) -> float | None:
    """Without checking the rest: a list of a million has to be there in minutes."""
    try:
        people = json.loads(read_member(ref.tar, ref.entry, "json"))["people"]
        values = [person["fit_mm"]["all"]["mean"] for person in people if person["fit_mm"] is not None]
    except (ValueError, KeyError, TypeError) as problem:
        raise RecordError(f"{ref.tar}:{ref.entry.key}.json is malformed ({problem}).") from problem
    return max(values, default=None)


def load_viewed(ref: SampleRef, model: BodyModel) -> ViewedSample:
    """Read a sample and pose its labels.

    Raises:
        RecordError: if it can't be read or belongs to another body model.
    """
    read = read_for_audit(ref)
    sample = read.sample
    if sample is None or read.problems:
        raise RecordError(f"{ref.tar}:{ref.entry.key}: {'; '.join(read.problems)}")
    if sample.body_model.sha256 != model.sha256:
        raise RecordError(f"{ref.tar}:{ref.entry.key} is labelled with {sample.body_model.name}, which is not at hand.")
    people = []
    for number, person in enumerate(sample.people):
        verts, joints = pose_label(model, person.smplx)
        target = None if read.targets_cam is None else read.targets_cam[number]
        people.append(
            ViewedPerson(
                verts_cam=verts,
                target_cam=target,
                distance_mm=None if target is None else 1000 * np.linalg.norm(verts - target, axis=1),
                joints_cam=joints,
            )
        )
    picture, fov_y_rad, aspect = padded(sample, read_member(ref.tar, ref.entry, "jpg"))
    return ViewedSample(sample=sample, people=tuple(people), picture=picture, fov_y_rad=fov_y_rad, aspect=aspect)


def padded(sample: Sample, jpeg: bytes) -> tuple[UInt8[np.ndarray, "height width 3"], float, float]:
    """The picture as a pinhole with its principal point in the middle shows it; pixels that no picture covers are grey.

    Returns:
        Picture, vertical angle of view in radians, width ÷ height of what it sees.
    """
    source = SourceSample(shard="", sample=sample, jpeg=jpeg, mask_png=None)
    picture = Image.fromarray(pinhole_picture(source))
    K, (width, height) = sample.camera.K, picture.size
    half_width, half_height = max(K[0, 2], width - K[0, 2]), max(K[1, 2], height - K[1, 2])
    canvas = Image.new("RGB", (round(2 * half_width), round(2 * half_height)), (60, 60, 60))
    canvas.paste(picture, (round(half_width - K[0, 2]), round(half_height - K[1, 2])))
    fov_y_rad = 2 * float(np.arctan(half_height / K[1, 1]))
    aspect = float(half_width / K[0, 0] / (half_height / K[1, 1]))
    canvas.thumbnail((MAX_PICTURE_PX, MAX_PICTURE_PX))
    return np.asarray(canvas), fov_y_rad, aspect
