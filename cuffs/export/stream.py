"""What every export starts from: samples one by one, with their pictures as bytes."""

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from cuffs.body import BodyModel, forward
from cuffs.lens import bend
from cuffs.records import PersonRecord, Sample
from cuffs.rotations import rotvec_to_rotmat
from cuffs.shards import iterate_samples, read_member, read_sample

FOLDERS: Final = {"train": "training", "val": "validation", "test": "validation"}
"""Where BEDLAM and Multi-HMR keep a split."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SourceSample:
    """A sample and its files."""

    shard: str
    sample: Sample
    jpeg: bytes
    mask_png: bytes | None
    """None where the dataset has no masks."""


@dataclass(slots=True)
class Exported:
    """What an export came to."""

    images: int = 0
    people: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """People or pictures that the format can't say, by cause."""


def source_samples(folder: Path) -> Iterator[SourceSample]:
    """All samples of a dataset, in its order.

    Raises:
        RecordError: if one can't be read.
    """
    for tar, _, entry in iterate_samples(folder):
        has_mask = any(member.suffix == "mask.png" for member in entry.members)
        yield SourceSample(
            shard=tar.stem,
            sample=read_sample(tar, entry),
            jpeg=read_member(tar, entry, "jpg"),
            mask_png=read_member(tar, entry, "mask.png") if has_mask else None,
        )


def posed(model: BodyModel, person: PersonRecord) -> tuple[Float[np.ndarray, "verts 3"], Float[np.ndarray, "55 3"]]:
    """Vertices and joints of a label, camera frame, metres."""
    smplx = person.smplx
    return forward(
        model,
        rotmats=rotvec_to_rotmat(smplx.full_pose()),
        betas=smplx.betas,
        expression=smplx.expression,
        transl=smplx.transl,
    )


def rest_pelvis(model: BodyModel, person: PersonRecord) -> Float[np.ndarray, "3"]:
    """Where the pelvis rests, which the root turns about, metres."""
    betas, expression = person.smplx.betas, person.smplx.expression
    return (
        model.joint_template[0]
        + model.joint_shapedirs[0][:, : len(betas)] @ betas
        + model.joint_exprdirs[0][:, : len(expression)] @ expression
    )


def pinhole_picture(source: SourceSample) -> UInt8[np.ndarray, "height width 3"]:
    """The picture as a camera without lens distortion and of the same K would show it: most formats know no other.

    Where the lens showed less than the pinhole would, the border is black.
    """
    picture = np.asarray(Image.open(io.BytesIO(source.jpeg)).convert("RGB"))
    camera = source.sample.camera
    if camera.distortion is None:
        return picture
    from scipy.ndimage import map_coordinates

    height, width = picture.shape[:2]
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    K = camera.K
    rays = np.stack([(x - K[0, 2]) / K[0, 0], (y - K[1, 2]) / K[1, 1], np.ones_like(x)], -1).reshape(-1, 3)
    bent = bend(rays, camera.distortion) @ K.T
    places = np.stack([bent[:, 1] / bent[:, 2] - 0.5, bent[:, 0] / bent[:, 2] - 0.5])
    channels = [map_coordinates(picture[..., c].astype(np.float32), places, order=1, cval=0.0) for c in range(3)]
    return np.stack(channels, -1).reshape(height, width, 3).round().clip(0, 255).astype(np.uint8)


def png_bytes(picture: UInt8[np.ndarray, "height width 3"]) -> bytes:
    """A PNG, packed quickly."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()
