"""COCO-WholeBody: one JSON a split with 133 points, visibility, boxes and masks, and the pictures as they are."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image

from cuffs.body import BodyModel
from cuffs.camera import project
from cuffs.export.coco_points import (
    BODY,
    GROUPS,
    HIDDEN,
    SEEN,
    SKELETON,
    Contour,
    joint_numbers,
    load_contour,
    skin_seen,
    wholebody_points,
)
from cuffs.export.stream import Exported, SourceSample, posed, source_samples
from cuffs.lens import bend
from cuffs.records import PersonRecord

BOXES: Final = {"face_box": ("face_kpts",), "lefthand_box": ("lefthand_kpts",), "righthand_box": ("righthand_kpts",)}
LEAST_POINTS: Final = 5
"""Of a face or hand that must lie in the picture for it to count as valid."""

DECIMALS: Final = 3


@dataclass(slots=True)
class _Split:
    """A split's files while they are written: annotations go straight to disk."""

    annotations: TextIO
    images: list[dict[str, Any]] = field(default_factory=list)
    people: int = 0


def export_coco(folder: Path, out: Path, model: BodyModel) -> Exported:
    """Write a dataset as COCO-WholeBody.

    Args:
        folder: the dataset.
        out: a folder to fill: `annotations/coco_wholebody_SPLIT_v1.0.json`, `SPLIT/KEY.jpg`.
        model: the labels' body model.
    """
    result, splits, contour = Exported(), {}, load_contour(model)
    (out / "annotations").mkdir()
    for number, source in enumerate(source_samples(folder)):
        name = source.sample.provenance.split
        if name not in splits:
            (out / name).mkdir()
            splits[name] = _Split(annotations=_path(out, name).open("w", encoding="utf-8"))
            splits[name].annotations.write(_head(source))
        _write_sample(out / name, splits[name], source, (model, contour), image_id=number + 1)
        result.images += 1
        result.people += len(source.sample.people)
    for split in splits.values():
        split.annotations.write(f'],"images":{json.dumps(split.images)}}}\n')
        split.annotations.close()
    return result


def _path(out: Path, split: str) -> Path:
    return out / "annotations" / f"coco_wholebody_{split}_v1.0.json"


def _head(source: SourceSample) -> str:
    """Everything before the annotations."""
    category = {
        "id": 1,
        "name": "person",
        "supercategory": "person",
        "keypoints": list(BODY),
        "skeleton": [[first + 1, second + 1] for first, second in SKELETON],
    }
    licences = [
        {"id": number + 1, "name": name, "url": ""} for number, name in enumerate(source.sample.provenance.licences)
    ]
    info = {"description": "CUFFS in COCO-WholeBody's form", "version": "1.0"}
    parts = {"info": info, "licenses": licences, "categories": [category]}
    return json.dumps(parts)[:-1] + ',"annotations":['


def _write_sample(
    folder: Path, split: _Split, source: SourceSample, bodies: tuple[BodyModel, Contour | None], *, image_id: int
) -> None:
    sample = source.sample
    (folder / f"{sample.key}.jpg").write_bytes(source.jpeg)
    split.images.append(
        {
            "id": image_id,
            "file_name": f"{sample.key}.jpg",
            "width": sample.image.width,
            "height": sample.image.height,
            "license": 1,
        }
    )
    mask = None if source.mask_png is None else np.asarray(Image.open(io.BytesIO(source.mask_png)))
    for number, person in enumerate(sample.people):
        own = None if mask is None else mask == number + 1
        found = person_annotation(source, person, own, *bodies)
        found |= {"id": image_id * 1000 + number, "image_id": image_id, "category_id": 1, "iscrowd": 0}
        split.annotations.write(("," if split.people else "") + json.dumps(found, separators=(",", ":")))
        split.people += 1


def person_annotation(
    source: SourceSample,
    person: PersonRecord,
    own: Bool[np.ndarray, "height width"] | None,
    model: BodyModel,
    contour: Contour | None,
) -> dict[str, Any]:
    """One person's annotation without ids.

    Args:
        source: the sample.
        person: of it.
        own: their pixels in the mask; None where there is no mask.
        model: the body model.
        contour: the face's outline, where the body model has one.
    """
    camera, image = source.sample.camera, source.sample.image
    verts, joints = posed(model, person)
    points = wholebody_points(model, contour, person.smplx, verts=verts, joints=joints)
    bent = np.where(np.isfinite(points), bend(np.nan_to_num(points, nan=1.0), camera.distortion), np.nan)
    size = (image.width, image.height)
    ahead = np.isfinite(bent).all(1) & (np.nan_to_num(bent[:, 2]) > 0)
    pixels = np.zeros((len(bent), 2))
    pixels[ahead] = project(bent[ahead], camera.K)
    in_picture = ahead & ((pixels >= 0) & (pixels < size)).all(1)
    seen = skin_seen(bend(verts, camera.distortion), model.faces, camera.K, bent, size)
    state = _visibility(person, in_picture, seen, pixels, own)
    flat = np.concatenate([np.where(in_picture[:, None], pixels.round(DECIMALS), 0.0), state[:, None]], 1)
    found: dict[str, Any] = {name: _numbers(flat[group]) for name, group in GROUPS.items()}
    found["num_keypoints"] = int((state[GROUPS["keypoints"]] > 0).sum())
    for name, (group,) in BOXES.items():
        kept = in_picture[GROUPS[group]]
        valid = bool(kept.sum() >= LEAST_POINTS and _part_valid(person, name))
        found[name] = _box(pixels[GROUPS[group]][kept]) if valid else [0.0, 0.0, 0.0, 0.0]
        found[name.replace("_box", "_valid")] = valid
    return found | _region(person, own, size)


def _visibility(
    person: PersonRecord,
    in_picture: Bool[np.ndarray, " n"],
    seen: Bool[np.ndarray, " n"],
    pixels: Float[np.ndarray, "n 2"],
    own: Bool[np.ndarray, "height width"] | None,
) -> Int[np.ndarray, " n"]:
    """COCO's 0, 1, 2. Joints as the annotation says; points on the skin by depth and by the mask."""
    state = np.where(in_picture, np.where(seen, SEEN, HIDDEN), 0)
    joint = joint_numbers()
    for place in np.flatnonzero(in_picture):
        if joint[place] >= 0 and person.occluded is not None:
            state[place] = SEEN if person.occluded[joint[place]] == 0 else HIDDEN
        elif own is not None and not _near(own, pixels[place]):
            state[place] = HIDDEN
    return state


def _near(own: Bool[np.ndarray, "height width"], pixel: Float[np.ndarray, "2"]) -> bool:
    """Whether the mask has the pixel, or one beside it."""
    x, y = int(pixel[0]), int(pixel[1])
    return bool(own[max(0, y - 1) : y + 2, max(0, x - 1) : x + 2].any())


def _part_valid(person: PersonRecord, box: str) -> bool:
    return {
        "face_box": person.face_valid,
        "lefthand_box": person.hand_valid.left,
        "righthand_box": person.hand_valid.right,
    }[box]


def _region(
    person: PersonRecord, own: Bool[np.ndarray, "height width"] | None, size: tuple[int, int]
) -> dict[str, Any]:
    """Box, area and mask; from the body's box, cut to the picture, where there is no mask."""
    if own is None or person.bbox_xyxy is None:
        left, top, right, bottom = np.clip(person.bbox_body_xyxy, 0, [*size, *size]).tolist()
        box = [left, top, right - left, bottom - top]
        return {"bbox": box, "area": box[2] * box[3], "segmentation": []}
    left, top, right, bottom = person.bbox_xyxy
    counts = run_lengths(own.astype(np.uint8))
    return {
        "bbox": [left, top, right - left, bottom - top],
        "area": int(own.sum()),
        "segmentation": {"size": [own.shape[0], own.shape[1]], "counts": counts},
    }


def run_lengths(mask: UInt8[np.ndarray, "height width"]) -> list[int]:
    """COCO's uncompressed run lengths: column by column, beginning with zeros."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    edges = np.concatenate([[0], changes, [len(flat)]])
    lengths = np.diff(edges).tolist()
    return [0, *lengths] if flat[0] else lengths


def _box(pixels: Float[np.ndarray, "n 2"]) -> list[float]:
    low, high = pixels.min(0), pixels.max(0)
    return [*low.round(DECIMALS).tolist(), *(high - low).round(DECIMALS).tolist()]


def _numbers(rows: Float[np.ndarray, "n 3"]) -> list[float]:
    """Flat x, y, v: v whole."""
    return list(_flat(rows))


def _flat(rows: Float[np.ndarray, "n 3"]) -> Iterator[float]:
    for x, y, v in rows.tolist():
        yield from (x, y, int(v))
