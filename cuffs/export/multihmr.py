"""Multi-HMR's annotation layout: one pickle a split, image path to camera and people (pose_formats.md, 1.8)."""

import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from cuffs.body import BodyModel
from cuffs.export.stream import FOLDERS, Exported, SourceSample, pinhole_picture, source_samples
from cuffs.records import PersonRecord

NUM_BETAS: Final = 11
"""Its loader wants eleven; the last is 0 here."""

QUALITY: Final = 95


def export_multihmr(folder: Path, out: Path, model: BodyModel) -> Exported:  # noqa: ARG001
    """Write a dataset in Multi-HMR's layout: `cuffs_training.pkl`, `cuffs_validation.pkl`, and the pictures.

    Args:
        folder: the dataset.
        out: a folder to fill.
        model: the labels' body model; not needed, the format has parameters alone.
    """
    result = Exported()
    annotations: dict[str, dict[str, Any]] = {}
    for source in source_samples(folder):
        split = FOLDERS[source.sample.provenance.split]
        name = f"{source.shard}/{source.sample.key}.jpg"
        path = out / split / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.sample.camera.distortion is None:
            path.write_bytes(source.jpeg)
        else:
            Image.fromarray(pinhole_picture(source)).save(path, "JPEG", quality=QUALITY, subsampling=0)
        annotations.setdefault(split, {})[name] = _annotation(source)
        result.images += 1
        result.people += len(source.sample.people)
    for split, rows in annotations.items():
        with (out / f"cuffs_{split}.pkl").open("wb") as file:
            pickle.dump(rows, file, protocol=4)
    return result


def _annotation(source: SourceSample) -> dict[str, Any]:
    K, image = source.sample.camera.K, source.sample.image
    return {
        "focal": np.array([K[0, 0], K[1, 1]], np.float32),
        "princpt": np.array([K[0, 2], K[1, 2]], np.float32),
        "size": np.array([image.width, image.height], np.int32),
        "humans": [_human(person) for person in source.sample.people],
    }


def _human(person: PersonRecord) -> dict[str, Any]:
    smplx = person.smplx
    shape = np.concatenate([smplx.betas, np.zeros(NUM_BETAS - len(smplx.betas))])
    arrays = {
        "smplx_root_pose": smplx.global_orient[None],
        "smplx_body_pose": smplx.body_pose,
        "smplx_jaw_pose": smplx.jaw_pose[None],
        "smplx_leye_pose": smplx.leye_pose[None],
        "smplx_reye_pose": smplx.reye_pose[None],
        "smplx_left_hand_pose": smplx.left_hand_pose,
        "smplx_right_hand_pose": smplx.right_hand_pose,
        "smplx_shape": shape,
        "smplx_transl": smplx.transl,
        "smplx_expression": smplx.expression,
    }
    return {name: array.astype(np.float32) for name, array in arrays.items()} | {"smplx_gender": "neutral"}
