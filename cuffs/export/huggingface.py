"""A Hugging Face folder: a Parquet file a shard, and a card. `datasets.load_dataset(FOLDER)` reads it."""

import json
from collections.abc import Iterator
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from cuffs.body import BodyModel
from cuffs.codec import encode
from cuffs.errors import AssetMissing
from cuffs.export.stream import Exported, SourceSample, source_samples
from cuffs.records import SmplxRecord

SPLITS: Final = {"train": "train", "val": "validation", "test": "test"}
REMEDY: Final = "pip install 'cuffs[export]'"
PARAMETERS: Final = tuple(one.name for one in fields(SmplxRecord))


def export_huggingface(folder: Path, out: Path, model: BodyModel) -> Exported:
    """Write a dataset as a Hugging Face folder.

    Args:
        folder: the dataset.
        out: a folder to fill: `data/SPLIT-NNNNN.parquet`, README.md.
        model: the labels' body model; named in the card.

    Raises:
        AssetMissing: if pyarrow is not installed.
    """
    pa, parquet = _pyarrow()
    result = Exported()
    (out / "data").mkdir()
    schema = _schema(pa)
    numbers: dict[str, int] = {}
    licences: set[str] = set()
    for (_, split), group in groupby(source_samples(folder), key=lambda s: (s.shard, s.sample.provenance.split)):
        name = SPLITS[split]
        number = numbers[name] = numbers.get(name, -1) + 1
        rows = list(_rows(group, result, licences))
        table = pa.Table.from_pylist(rows, schema=schema)
        parquet.write_table(table, out / "data" / f"{name}-{number:05d}.parquet", row_group_size=100)
    (out / "README.md").write_text(_card(folder, model, result, sorted(numbers), sorted(licences)), encoding="utf-8")
    return result


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as problem:
        raise AssetMissing("pyarrow, which writes Parquet,", Path("pyarrow"), REMEDY) from problem
    return pa, parquet


def _rows(group: Iterator[SourceSample], result: Exported, licences: set[str]) -> Iterator[dict[str, Any]]:
    for source in group:
        sample = source.sample
        plain = encode(sample)
        licences.update(sample.provenance.licences)
        result.images += 1
        result.people += len(sample.people)
        yield {
            "key": sample.key,
            "image": {"bytes": source.jpeg, "path": f"{sample.key}.jpg"},
            "mask": None if source.mask_png is None else {"bytes": source.mask_png, "path": f"{sample.key}.mask.png"},
            "width": sample.image.width,
            "height": sample.image.height,
            "K": plain["camera"]["K"],
            "people": [{name: _flat(person["smplx"][name]) for name in PARAMETERS} for person in plain["people"]],
            "annotation": json.dumps(plain, separators=(",", ":")),
        }


def _flat(value: list[Any]) -> list[float]:
    return [number for row in value for number in row] if isinstance(value[0], list) else value


def _schema(pa: Any) -> Any:
    """Arrow's types, and the same for `datasets`, which tells pictures from bytes by it."""
    floats = pa.list_(pa.float64())
    picture = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    person = pa.struct([(name, floats) for name in PARAMETERS])
    arrow = {
        "key": pa.string(),
        "image": picture,
        "mask": picture,
        "width": pa.int32(),
        "height": pa.int32(),
        "K": pa.list_(floats),
        "people": pa.list_(person),
        "annotation": pa.string(),
    }
    number = {"dtype": "float64", "_type": "Value"}
    row = {"feature": number, "_type": "List"}
    features = {
        "key": {"dtype": "string", "_type": "Value"},
        "image": {"_type": "Image"},
        "mask": {"_type": "Image"},
        "width": {"dtype": "int32", "_type": "Value"},
        "height": {"dtype": "int32", "_type": "Value"},
        "K": {"feature": row, "_type": "List"},
        "people": {"feature": dict.fromkeys(PARAMETERS, row), "_type": "List"},
        "annotation": {"dtype": "string", "_type": "Value"},
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    return pa.schema(list(arrow.items()), metadata=metadata)


def _card(folder: Path, model: BodyModel, result: Exported, splits: list[str], licences: list[str]) -> str:
    files = "\n".join(f"  - split: {split}\n    path: data/{split}-*.parquet" for split in splits)
    return (
        "---\npretty_name: CUFFS\ntask_categories:\n- keypoint-detection\n- image-to-3d\ntags:\n- smpl-x\n- synthetic\n"
        f"license: other\nlicense_name: {'; '.join(licences) or 'unknown'!r}\nconfigs:\n- config_name: default\n"
        f"  data_files:\n{files}\n---\n\n# {folder.resolve().name}\n\n"
        f"{result.images} pictures of {result.people} people with SMPL-X parameters in the camera frame of the image "
        "(axis-angle, absolute hands: `flat_hand_mean=True`, never PCA), rendered by CUFFS.\n\n"
        f"- Body model: {model.name}, sha256 {model.sha256}.\n"
        "- `people`: parameters, flattened; `annotation`: the whole record as JSON, with joints, boxes, visibility and "
        "provenance.\n- `mask`: 0 background, i + 1 person i.\n- `K`: pixels; pixel (0, 0) is the outer corner of the "
        f"top-left pixel.\n- Licences: {'; '.join(licences) or 'unknown'}.\n"
    )
