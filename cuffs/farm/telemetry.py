"""What each scene took, as JSON lines. Times and hosts live here, never in annotations."""

import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path

from cuffs.codec import decode, encode
from cuffs.errors import RecordError
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
    device: str
    blender: str
    host: str
    pid: int


class TelemetryLog:
    """Appends lines to a file of its own process, so that no two writers share one."""

    def __init__(self, plan_folder: Path) -> None:
        folder = plan_folder / "telemetry"
        with explained(folder):
            folder.mkdir(exist_ok=True)
        self._path = folder / f"{platform.node()}-{os.getpid()}.jsonl"

    def append(self, record: SceneTelemetry) -> None:
        """Write one line.

        Raises:
            OutputError: if the disk is full or not writable.
        """
        with explained(self._path), self._path.open("a") as file:
            file.write(json.dumps(encode(record)) + "\n")


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
