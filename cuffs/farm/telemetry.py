"""What each scene took, as JSON lines. Times and hosts live here, never in annotations."""

import functools
import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cuffs.codec import decode, encode
from cuffs.errors import RecordError
from cuffs.farm.tries import Failure, read_failures
from cuffs.publish import explained


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


def read_telemetry(plan_folder: Path) -> list[SceneTelemetry]:
    """All whole lines that were written for a plan; a line cut short by a kill is left out."""
    records = []
    for path in sorted((plan_folder / "telemetry").glob("*.jsonl")):
        for number, line in enumerate(path.read_text().splitlines()):
            try:
                data = json.loads(line)
            except json.JSONDecodeError:
                continue
            records.append(decode(SceneTelemetry, data, where=f"{path}:{number + 1}", error=RecordError))
    return records
