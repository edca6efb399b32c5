"""Two datasets, or two recipes, side by side: what differs, key by key and figure by figure."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cuffs.audit.run import audit_dataset, shards_digest
from cuffs.audit.thresholds import Thresholds
from cuffs.codec import encode
from cuffs.config import load_yaml
from cuffs.errors import ConfigError
from cuffs.plan.records import plan_path
from cuffs.recipe import load_recipe

ABSENT: Final = "(absent)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not the same."""

    name: str
    """`recipe.camera.fov_x_deg`, `residual_mm.fingers.mean`, `histograms.distance_m`."""

    first: Any
    second: Any
    change: float | None
    """Second less first, of numbers; of histograms the share of values that lie in other bins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What was compared, and what differs."""

    compared: int
    differences: tuple[Difference, ...]


def compare(first: Path, second: Path) -> Comparison:
    """Compare two datasets' folders or two recipes.

    Args:
        first: a folder, or a recipe's YAML.
        second: of the same kind.

    Raises:
        ConfigError: if one is a folder and the other is not, or one isn't there.
        RecordError: if a dataset can't be read.
    """
    for path in (first, second):
        if not path.exists():
            raise ConfigError(f"{path} is not there.")
    if first.is_dir() != second.is_dir():
        raise ConfigError(f"{first} and {second} are a folder and a file: compare two datasets or two recipes.")
    if not first.is_dir():
        return compare_plain(_recipe(first), _recipe(second))
    return compare_plain(_dataset(first), _dataset(second))


def compare_plain(first: Mapping[str, Any], second: Mapping[str, Any]) -> Comparison:
    """Compare nested values: numbers, texts, lists; and histograms, as their `figures` are."""
    left, right = dict(_flat(first, "")), dict(_flat(second, ""))
    names = [*left, *(name for name in right if name not in left)]
    found = []
    for name in names:
        a, b = left.get(name, ABSENT), right.get(name, ABSENT)
        if a != b:
            found.append(Difference(name=name, first=_short(a), second=_short(b), change=_change(a, b)))
    return Comparison(compared=len(names), differences=tuple(found))


def _recipe(path: Path) -> dict[str, Any]:
    return {"recipe": encode(load_recipe(path))}


def _dataset(folder: Path) -> dict[str, Any]:
    """Recipe, plan and figures of a dataset."""
    found: dict[str, Any] = {}
    if (folder / "recipe.yaml").exists():
        found["recipe"] = load_yaml(folder / "recipe.yaml")  # as it is: an older program may have written it
    if plan_path(folder).exists():
        plan = json.loads(plan_path(folder).read_text(encoding="utf-8"))
        names = ("seed", "count", "chunk_size", "body_name", "body_sha256", "versions", "licences")
        found["plan"] = {name: plan.get(name) for name in names}
    figures = current_figures(folder)
    skipped = ("schema", "checks", "worst", "plan", "failures", "shards_sha256")
    return found | {name: value for name, value in figures.items() if name not in skipped}


def current_figures(folder: Path) -> dict[str, Any]:
    """A dataset's figures: of its last audit, if the shards are still those, else measured now."""
    path = folder / "audit" / "audit.json"
    if path.exists():
        figures = json.loads(path.read_text(encoding="utf-8"))
        if figures.get("shards_sha256") == shards_digest(folder):
            return figures
    return audit_dataset(folder, Thresholds(), workers=len(os.sched_getaffinity(0))).figures


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and "counts" in value and "edges" in value:
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _flat(item, f"{name}.{key}" if name else str(key))
    else:
        yield name, value


def _change(first: Any, second: Any) -> float | None:
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        a, b = (np.array(one["counts"], float) for one in (first, second))
        if a.shape != b.shape or not a.sum() or not b.sum():
            return None
        return float(np.abs(a / a.sum() - b / b.sum()).sum() / 2)
    numbers = [one for one in (first, second) if isinstance(one, int | float) and not isinstance(one, bool)]
    return float(numbers[1] - numbers[0]) if len(numbers) == 2 else None


def _short(value: Any) -> Any:
    """A histogram as its mean and quantiles."""
    if isinstance(value, Mapping):
        return {"mean": value.get("mean"), "p5_p50_p95": value.get("p5_p50_p95"), "count": value.get("count")}
    return value
