"""Many recipes that differ in one thing each, trained and measured alike: a table with a row for each."""

import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cuffs.codec import encode
from cuffs.config import build, load_yaml
from cuffs.errors import ConfigError
from cuffs.publish import explained, write_bytes
from trainer.recipe import LOCAL_WEIGHTS, TrainRecipe, recipe_of, require_same

logger = logging.getLogger(__name__)

FIGURES = "figures.json"
TABLE, TABLE_JSON = "ablation.md", "ablation.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One row of the table."""

    name: str
    change: Mapping[str, Any] = field(default_factory=dict)
    """Of the base recipe: the same blocks and keys, only those that differ."""

    without: tuple[str, ...] = ()
    """Names of --data that this row is not trained on."""

    paper: Mapping[str, float] = field(default_factory=dict)
    """What the paper states for it, by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Miniature:
    """What makes every row run in seconds: whether everything works, not how well."""

    change: Mapping[str, Any]
    """Of every recipe, after its own change."""

    backbones: Mapping[str, str]
    """Small ones in place of large ones."""

    sides: Mapping[str, int]
    """Small pictures in place of large ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AblationRecipe:
    """The whole file."""

    name: str
    base: str
    """The recipe that rows change; a relative path starts at this file's folder."""

    rows: tuple[Variant, ...]
    miniature: Miniature

    def __post_init__(self) -> None:
        folders = [slug(row.name) for row in self.rows]
        if not self.rows or len(set(folders)) < len(folders) or not all(folders):
            raise ConfigError("rows must have names that differ in letters or digits, and there must be one at least.")


def slug(name: str) -> str:
    """A name as a folder's."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def load_ablation(path: Path) -> AblationRecipe:
    """Read the file.

    Raises:
        ConfigError: naming the file and the key.
    """
    return build(AblationRecipe, load_yaml(path), where=str(path))


def recipes_of(ablation: AblationRecipe, path: Path, *, miniature: bool) -> dict[str, TrainRecipe]:
    """Every row's recipe, by the row's name. All are built before anything is trained: a slip is found at once.

    Args:
        ablation: what `path` holds.
        path: its file.
        miniature: whether to make them small.

    Raises:
        ConfigError: naming the row and the key.
    """
    base_path = path.parent / ablation.base
    base = load_yaml(base_path)
    found = {}
    for row in ablation.rows:
        values = merged(base, {**row.change, "name": slug(row.name)})
        if miniature:
            values = merged(values, ablation.miniature.change)
        recipe = recipe_of(values, folder=base_path.parent, where=f"{path}, row {row.name!r}")
        found[row.name] = _small(recipe, values, ablation.miniature, base_path.parent) if miniature else recipe
    return found


def _small(recipe: TrainRecipe, values: Mapping[str, Any], small: Miniature, folder: Path) -> TrainRecipe:
    """With a small backbone and small pictures; from a random start, for no weights are known of such a one."""
    name, side = recipe.model.backbone.name, recipe.model.image_side
    if name not in small.backbones or str(side) not in small.sides:
        raise ConfigError(f"miniature says nothing of the backbone {name} at {side} px.")
    model = {"image_side": small.sides[str(side)], "backbone": {"name": small.backbones[name], "weights": "none"}}
    return recipe_of(merged(values, {"model": model}), folder=folder, where="miniature")


def merged(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Plain values with others put over them: blocks are gone into, all else is replaced."""
    found = dict(base)
    for key, value in change.items():
        inner = found.get(key)
        found[key] = merged(inner, value) if isinstance(value, Mapping) and isinstance(inner, Mapping) else value
    return found


def starts_from(recipe: TrainRecipe) -> str:
    """Where a row's weights come from, for the table."""
    weights = recipe.model.backbone.weights
    if recipe.start_from is not None:
        return Path(recipe.start_from).name
    return weights if weights in LOCAL_WEIGHTS else Path(weights).name


Train = Callable[[TrainRecipe, Sequence[str], Path], bool]
"""Trains a recipe on named data in a folder, going on where it was interrupted; False where it was asked to stop."""

Measure = Callable[[Path], Mapping[str, Mapping[str, float | None]]]
"""Figures of the run in a folder, by benchmark and column."""


def run_ablation(
    ablation: AblationRecipe,
    recipes: Mapping[str, TrainRecipe],
    out: Path,
    *,
    data: Sequence[str],
    train: Train,
    measure: Measure,
) -> dict[str, Mapping[str, Mapping[str, float | None]]]:
    """Train and measure row by row. A row that is finished is not touched again; the table is written after each.

    Args:
        ablation: the file.
        recipes: of its rows.
        out: a folder for each row, and the table.
        data: names of the datasets.
        train: how a row is trained.
        measure: how it is measured.

    Returns:
        The figures of those rows that are finished: all, unless the training was asked to stop.

    Raises:
        ConfigError: if a row leaves out data that isn't given, or `out` holds other recipes' rows.
    """
    for row in ablation.rows:
        used = [name for name in data if name not in row.without]
        if not used:
            raise ConfigError(
                f"row {row.name!r} is trained without {', '.join(row.without)}: nothing is left of --data."
            )
    figures: dict[str, Mapping[str, Mapping[str, float | None]]] = {}
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    for row in ablation.rows:
        folder = out / slug(row.name)
        about = {
            "recipe": json.loads(json.dumps(encode(recipes[row.name]))),
            "data": sorted(set(data) - set(row.without)),
        }
        known = _known(folder / FIGURES, about)
        if known is None:
            logger.info("row %r", row.name)
            if not train(recipes[row.name], about["data"], folder):
                break
            known = measure(folder)
            write_bytes(folder / FIGURES, (json.dumps({**about, "figures": known}, indent=1) + "\n").encode())
        figures[row.name] = known
        write_tables(ablation, figures, out)
    return figures


def _known(path: Path, about: Mapping[str, Any]) -> Mapping[str, Mapping[str, float | None]] | None:
    """The figures of a finished row."""
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        require_same(about["recipe"], found["recipe"], where=str(path))
        if found["data"] != about["data"]:
            raise ConfigError(f"{path} is of other data ({', '.join(found['data'])}). Name another folder.")
        return found["figures"]
    except (ValueError, KeyError, TypeError) as problem:
        raise ConfigError(f"{path} is damaged ({problem}); remove it, and its row is measured again.") from None


def write_tables(
    ablation: AblationRecipe, figures: Mapping[str, Mapping[str, Mapping[str, float | None]]], out: Path
) -> None:
    """Write the table as Markdown and JSON; rows that aren't finished are dashes, the paper's are beside ours."""
    ours = {name: _flat(found) for name, found in figures.items()}
    columns = list(dict.fromkeys(key for found in ours.values() for key in found))
    stated = list(dict.fromkeys(key for row in ablation.rows for key in row.paper))
    lines = ["| | " + " | ".join([*columns, *(f"paper: {key}" for key in stated)]) + " |"]
    lines.append("|---" * (1 + len(columns) + len(stated)) + "|")
    for row in ablation.rows:
        cells = [_cell(ours.get(row.name, {}).get(key)) for key in columns] + [
            _cell(row.paper.get(key)) for key in stated
        ]
        lines.append("| " + " | ".join([row.name, *cells]) + " |")
    write_bytes(out / TABLE, ("\n".join(lines) + "\n").encode())
    rows = [{"name": row.name, "figures": figures.get(row.name), "paper": dict(row.paper)} for row in ablation.rows]
    write_bytes(out / TABLE_JSON, (json.dumps({"name": ablation.name, "rows": rows}, indent=1) + "\n").encode())


def _flat(figures: Mapping[str, Mapping[str, float | None]]) -> dict[str, float | None]:
    return {f"{name} {key}": value for name, found in figures.items() for key, value in found.items()}


def _cell(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}" if abs(value) >= 2 else f"{value:.3f}"
