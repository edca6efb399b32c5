"""The samples that the page shows: image, labelled body over it, joints."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image, UnidentifiedImageError

from cuffs.audit.page.build import ShownSample
from cuffs.audit.tally import Ranked
from cuffs.body import BodyModel
from cuffs.errors import RecordError
from cuffs.records import Sample
from cuffs.report.sheet import sample_row
from cuffs.shards import ShardSample, read_index, read_member, read_sample

CELL_PX: Final = 420
"""Width of each of the three pictures."""

QUALITY: Final = 80


def shown_samples(
    folder: Path, worst: Sequence[Ranked], random: Sequence[Ranked], model: BodyModel
) -> Iterator[ShownSample]:
    """Draw the worst and the random samples; one that is both is drawn once.

    Args:
        folder: the dataset.
        worst: worst first.
        random: a choice of all.
        model: the labels' body model.
    """
    groups: dict[str, list[str]] = {}
    chosen = {}
    for name, ranked in (("worst", worst), ("random", random)):
        for one in ranked:
            groups.setdefault(one.key, []).append(name)
            chosen[one.key] = one
    entries = _entries(folder, {one.shard for one in chosen.values()}, set(chosen))
    for key, ranked in chosen.items():
        tar, entry = entries[key]
        facts, strip = _drawn(tar, entry, model)
        yield ShownSample(
            key=key,
            groups=tuple(groups[key]),
            badness=ranked.badness,
            cause=ranked.cause,
            facts=facts,
            jpeg=None if strip is None else _jpeg(strip),
            width=0 if strip is None else strip.width,
            height=0 if strip is None else strip.height,
        )


def _entries(folder: Path, shards: set[str], keys: set[str]) -> dict[str, tuple[Path, ShardSample]]:
    found = {}
    for shard in sorted(shards):
        tar = folder / "shards" / f"{shard}.tar"
        for entry in read_index(tar.with_suffix(".json")).samples:
            if entry.key in keys:
                found[entry.key] = (tar, entry)
    return found


def _drawn(tar: Path, entry: ShardSample, model: BodyModel) -> tuple[str, Image.Image | None]:
    """A line of facts, and the strip of pictures; none where a file can't be read."""
    try:
        sample = read_sample(tar, entry)
        picture = Image.open(io.BytesIO(read_member(tar, entry, "jpg")), formats=("JPEG", "PNG")).convert("RGB")
    except (RecordError, UnidentifiedImageError, OSError, SyntaxError, ValueError) as problem:
        return f"{tar.stem}; {problem}", None
    facts = f"{tar.stem}; {_facts(sample)}"
    if picture.size != (sample.image.width, sample.image.height):
        return facts, None
    image = np.asarray(picture)
    row = sample_row(model, image, sample) if sample.people else np.concatenate([image] * 3, axis=1)
    strip = Image.fromarray(row)
    width = min(strip.width, 3 * CELL_PX)
    return facts, strip.resize((width, round(strip.height * width / strip.width)), Image.Resampling.LANCZOS)


def _jpeg(strip: Image.Image) -> bytes:
    buffer = io.BytesIO()
    strip.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def _facts(sample: Sample) -> str:
    people = []
    for person in sample.people:
        who = person.character.identity if person.character is not None else person.pose_source.body.dataset
        action = person.pose_source.body.action
        people.append(f"{who}{f' ({action})' if action else ''} at {person.joints3d_cam[0, 2]:.2f} m")
    parts = [*people, sample.provenance.place, sample.provenance.light, f"{sample.camera.fov_x_deg:.0f}° wide"]
    return ", ".join(part for part in parts if part)
