"""What each scene took, as JSON lines. Times and hosts live here, never in annotations."""

import functools
import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cuffs.codec import decode, encode
from cuffs.errors import RecordError
from cuffs.farm.tries import Failure, read_failures
from cuffs.publish import explained

TAIL_BYTES = 2**17


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneTelemetry:
    """One scene, one attempt."""

    key: str
    slot: int
    outcome: str
    """done, or the cause of refusal or failure."""

    people: int
    setup_s: float
    render_s: float
    readout_s: float
    fit_s: float
    """Carrying, fitting, joints and visibility."""

    write_s: float
    max_rss_mb: float
    """The most that Blender has held since it started."""

    device: str
    blender: str
    host: str
    pid: int
    cpu_s: float | None = None
    """Processor time of Blender for this scene, all threads."""

    render_cpu_s: float | None = None
    fit_cpu_s: float | None = None
    """Processor time of fitting and writing."""

    parent_rss_mb: float | None = None
    """What the annotating process holds; this and all below are null where an older program wrote the line."""

    gpu: str | None = None
    """As in CUDA_VISIBLE_DEVICES; null where GPUs aren't told apart."""

    threads: int | None = None
    cores: tuple[int, ...] | None = None
    """Blender was pinned to them; null where it was not."""

    versions: Mapping[str, str] | None = None
    at_unix_s: float | None = None
    """When the scene was finished."""


class TelemetryLog:
    """Appends lines to a file of its own process, so that no two writers share one."""

    def __init__(self, plan_folder: Path) -> None:
        self._path = _own_file(plan_folder / "telemetry")

    def append(self, record: SceneTelemetry) -> None:
        """Write one line.

        Raises:
            OutputError: if the disk is full or not writable.
        """
        _append(self._path, record)


class FailureLog:
    """Tries that came to nothing, for good: what the work folder knows of them goes when a chunk is packed."""

    def __init__(self, plan_folder: Path) -> None:
        self._path = _own_file(plan_folder / "failures")

    def append(self, failure: Failure) -> None:
        """Write one line.

        Raises:
            OutputError: if the disk is full or not writable.
        """
        _append(self._path, failure)


def _own_file(folder: Path) -> Path:
    with explained(folder):
        folder.mkdir(exist_ok=True)
    return folder / f"{platform.node()}-{os.getpid()}.jsonl"


def _append(path: Path, record: SceneTelemetry | Failure) -> None:
    with explained(path), path.open("a") as file:
        file.write(json.dumps(encode(record)) + "\n")


@functools.cache
def versions() -> dict[str, str]:
    """Of what makes the bytes."""
    return {name: importlib.metadata.version(name) for name in ("numpy", "scipy", "pillow")}


def read_all_failures(plan_folder: Path) -> list[Failure]:
    """All tries of a plan that came to nothing, oldest first."""
    found = [f for path in sorted((plan_folder / "failures").glob("*.jsonl")) for f in read_failures(path)]
    return sorted(found, key=lambda failure: failure.at_unix_s)


def read_recent(plan_folder: Path, since_unix_s: float) -> list[list[SceneTelemetry]]:
    """What was written lately, by file, that is by process: cheap however long the run is.

    Args:
        plan_folder: the plan's.
        since_unix_s: only scenes finished after this; of a very fast process only the last hundred or so.
    """
    found = []
    for path in sorted((plan_folder / "telemetry").glob("*.jsonl")):
        if path.stat().st_mtime < since_unix_s:
            continue
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL_BYTES))
            lines = file.read().decode(errors="replace").splitlines()
        records = list(_decoded(lines if size <= TAIL_BYTES else lines[1:], path))
        found.append([record for record in records if (record.at_unix_s or 0.0) >= since_unix_s])
    return found


def read_telemetry(plan_folder: Path) -> list[SceneTelemetry]:
    """All whole lines that were written for a plan; a line cut short by a kill is left out."""
    paths = sorted((plan_folder / "telemetry").glob("*.jsonl"))
    return [record for path in paths for record in _decoded(path.read_text().splitlines(), path)]


def _decoded(lines: Iterable[str], path: Path) -> Iterator[SceneTelemetry]:
    for line in lines:
        try:
            data = json.loads(line)
        except json.JSONDecodeError:
            continue
        yield decode(SceneTelemetry, data, where=str(path), error=RecordError)
