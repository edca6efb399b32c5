"""A source from which only some poses are drawn, each with a weight of its own."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.errors import ConfigError
from cuffs.records import PoseSample
from pose_sources.anatomy import Anatomy
from pose_sources.features import FEATURES, parse_expression
from pose_sources.selection.config import SelectConfig
from pose_sources.selection.table import PoseTable, load_or_build_table
from pose_sources.selection.thin import cluster, far_apart
from pose_sources.source import IndexedPoseSource, NumberedPoseSource, PoseSource, RecordedPoseSource

log = logging.getLogger(__name__)

FIXED_SEED: Final = 0
"""Which poses are looked at and how they are clustered is no choice of a run's: the same for every seed."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a selection."""

    name: str
    """The recipe's key."""

    left: int
    """Poses that are left after it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectedSource:
    """Some poses of another source."""

    inner: NumberedPoseSource
    table: PoseTable
    """All poses that were looked at."""

    rows: Int[np.ndarray, " selected"]
    """Rows of the table that may be drawn."""

    bounds: Float[np.ndarray, " selected"]
    """Running sums of their shares; the last is 1."""

    steps: tuple[Step, ...]

    @property
    def name(self) -> str:
        """The inner source's."""
        return self.inner.name

    @property
    def licence(self) -> str:
        """The inner source's."""
        return self.inner.licence

    @property
    def shares(self) -> Float[np.ndarray, " selected"]:
        """How likely each is."""
        return np.diff(self.bounds, prepend=0.0)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> PoseSample:
        """One of the selected poses, from 0.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file can't be used.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"{len(self)} poses are selected; {number} is not one of them")
        return self.inner[int(self.table.numbers[self.rows[number]])]

    def beside(self, sample: PoseSample) -> PoseSample | None:
        """The frame beside one of its recording, as the inner source has it; None where that has no recordings.

        Raises:
            PoseFileError: if its file can't be used.
        """
        return self.inner.beside(sample) if isinstance(self.inner, RecordedPoseSource) else None

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one by its share.

        Raises:
            PoseFileError: if its file can't be used.
        """
        place = int(np.searchsorted(self.bounds, rng.uniform(), side="right"))
        return self[min(place, len(self) - 1)]


def select(
    source: PoseSource, config: SelectConfig, anatomy: Anatomy, *, where: str, table_path: Path | None = None
) -> SelectedSource:
    """Look at a source's poses and keep those that a recipe asks for.

    Args:
        source: one whose poses have numbers.
        config: what the recipe asks for.
        anatomy: of the skeleton that features are measured on.
        where: the recipe's key, for messages.
        table_path: where what was found is kept; None: nowhere.

    Raises:
        ConfigError: if nothing is left, naming the step that took the last, or poses can't be drawn by number.
        PoseFileError: if a pose can't be read.
    """
    if not isinstance(source, NumberedPoseSource):
        raise ConfigError(f"{where}: poses of {source.name} have no numbers, so none can be selected.")
    numbers = _looked_at(source, config)
    table = load_or_build_table(source, numbers, anatomy, table_path)
    rows, steps = np.arange(len(table)), [Step("pool", len(table))]
    for name, keep in _filters(config):
        rows = rows[keep(table, rows)]
        steps.append(Step(name, len(rows)))
        if not len(rows):
            listed = ", ".join(f"{step.name} {step.left}" for step in steps)
            raise ConfigError(f"{where}.{name} leaves no pose of {source.name}; poses left by step: {listed}.")
    log.info("%s: %s", where, ", ".join(f"{step.name} {step.left}" for step in steps))
    weights = _weights(config, table, rows)
    bounds = np.cumsum(weights / weights.sum())
    bounds[-1] = 1.0
    return SelectedSource(inner=source, table=table, rows=rows, bounds=bounds, steps=tuple(steps))


def _looked_at(source: PoseSource, config: SelectConfig) -> Int[np.ndarray, " rows"]:
    if not isinstance(source, IndexedPoseSource):
        return np.arange(config.pool, dtype=np.int64) * config.stride
    numbers = np.arange(0, len(source), config.stride, dtype=np.int64)
    if len(numbers) > config.pool:
        numbers = np.sort(np.random.default_rng(FIXED_SEED).choice(numbers, config.pool, replace=False))
    return numbers


Keep = Callable[[PoseTable, Int[np.ndarray, " rows"]], Bool[np.ndarray, " rows"]]


def _filters(config: SelectConfig) -> Iterator[tuple[str, Keep]]:
    """The steps that the recipe asks for, in their order."""
    places = (
        ("datasets", 0, config.datasets, True), ("files", 1, config.files, True),
        ("not_files", 1, config.not_files, False), ("actions", 2, config.actions, True),
        ("not_actions", 2, config.not_actions, False),
    )  # fmt: skip
    for name, column, patterns, wanted in places:
        if patterns:
            yield name, _by_origin(column, patterns, wanted=wanted)
    if config.skip_frozen:
        yield "skip_frozen", lambda table, rows: ~table.still[rows]
    if config.where is not None:
        yield "where", _by_condition(config.where)
    if config.apart_mm is not None:
        apart_m = config.apart_mm / 1000
        yield "apart_mm", lambda table, rows: far_apart(_compared(config, table)[rows], apart_m)


def _by_origin(column: int, patterns: tuple[str, ...], *, wanted: bool) -> Keep:
    def keep(table: PoseTable, rows: Int[np.ndarray, " rows"]) -> Bool[np.ndarray, " rows"]:
        texts = [origin[column].lower() for origin in table.origins]
        fits = np.array([any(fnmatch(text, pattern.lower()) for pattern in patterns) for text in texts])
        return fits[table.origin_of[rows]] == wanted

    return keep


def _by_condition(text: str) -> Keep:
    expression = parse_expression(text, FEATURES, where="where")

    def keep(table: PoseTable, rows: Int[np.ndarray, " rows"]) -> Bool[np.ndarray, " rows"]:
        used = expression.names or {next(iter(FEATURES))}
        return expression.holds({name: table.feature(name)[rows] for name in used})

    return keep


def _compared(config: SelectConfig, table: PoseTable) -> Float[np.ndarray, "rows numbers"]:
    return table.body if config.of == "body" else table.hands


def _weights(config: SelectConfig, table: PoseTable, rows: Int[np.ndarray, " rows"]) -> Float[np.ndarray, " rows"]:
    weights = np.ones(len(rows))
    if config.clusters:
        group = cluster(_compared(config, table)[rows], config.clusters, np.random.default_rng(FIXED_SEED))
        weights = np.bincount(group)[group] ** -config.even
    pull = sum((strength * table.feature(name)[rows] for name, strength in config.toward.items()), np.zeros(len(rows)))
    return weights * np.exp(pull - pull.max())
