"""Telemetry summed up, line by line as it comes: what a run took, by part, device and host."""

import json
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.farm.telemetry import SceneTelemetry

PARTS: Final = ("setup_s", "render_s", "readout_s", "fit_s", "write_s")
DONE: Final = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartTimes:
    """Seconds a scene that one part takes."""

    median_s: float
    p95_s: float
    total_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HostTotals:
    """What one machine made."""

    scenes: int
    processes: int
    """That annotated, one after another or side by side."""

    device: str
    blender_max_rss_mb: float
    parent_max_rss_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunTotals:
    """All scenes of a run that came to a result, refused ones included; tries that failed are told apart."""

    scenes: int
    people: int
    outcomes: Mapping[str, int]
    """done, or the cause of a refusal."""

    parts: Mapping[str, PartTimes]
    """setup, render, readout, fit, write."""

    overhead: float
    """Everything but rendering, relative to rendering; processes overlap, so this is work and not waiting."""

    hosts: Mapping[str, HostTotals]
    versions: Mapping[str, tuple[str, ...]]
    """All that were seen of what makes the bytes: more than one of a kind is a warning."""


class TelemetryFollower:
    """Reads lines that were added to a run's telemetry since the last look."""

    def __init__(self, plan_folder: Path) -> None:
        self._folder = plan_folder / "telemetry"
        self._offsets: dict[Path, int] = {}

    def new(self) -> Iterator[SceneTelemetry]:
        """Whole lines that weren't there before. A line that a kill cut short is left out.

        Raises:
            RecordError: if a line is of another version.
        """
        for path in sorted(self._folder.glob("*.jsonl")):
            with path.open("rb") as file:
                file.seek(self._offsets.get(path, 0))
                data = file.read()
            whole = data.rfind(b"\n") + 1
            self._offsets[path] = self._offsets.get(path, 0) + whole
            for line in data[:whole].splitlines():
                try:
                    plain = json.loads(line)
                except (json.JSONDecodeError, UnicodeDecodeError):
                    continue
                yield decode(SceneTelemetry, plain, where=str(path), error=RecordError)


class TotalsKeeper:
    """Totals of a run, kept up to date without reading its telemetry again."""

    def __init__(self, plan_folder: Path) -> None:
        self._follower = TelemetryFollower(plan_folder)
        self._people = 0
        self._outcomes: Counter[str] = Counter()
        self._parts: dict[str, list[float]] = {part: [] for part in PARTS}
        self._hosts: dict[str, HostTotals] = {}
        self._pids: dict[str, set[int]] = defaultdict(set)
        self._versions: dict[str, set[str]] = defaultdict(set)

    def look(self) -> RunTotals:
        """The totals as they are now."""
        for record in self._follower.new():
            self._add(record)
        parts = {part.removesuffix("_s"): _times(values) for part, values in self._parts.items()}
        whole, render = sum(part.total_s for part in parts.values()), parts["render"].total_s
        return RunTotals(
            scenes=self._outcomes.total(),
            people=self._people,
            outcomes=dict(sorted(self._outcomes.items())),
            parts=parts,
            overhead=round((whole - render) / render, 4) if render else 0.0,
            hosts=dict(sorted(self._hosts.items())),
            versions={name: tuple(sorted(found)) for name, found in sorted(self._versions.items())},
        )

    def _add(self, record: SceneTelemetry) -> None:
        self._people += record.people
        self._outcomes[record.outcome] += 1
        for part, values in self._parts.items():
            values.append(getattr(record, part))
        self._pids[record.host].add(record.pid)
        known = self._hosts.get(record.host)
        self._hosts[record.host] = HostTotals(
            scenes=1 + (known.scenes if known else 0),
            processes=len(self._pids[record.host]),
            device=record.device,
            blender_max_rss_mb=max(record.max_rss_mb, known.blender_max_rss_mb if known else 0.0),
            parent_max_rss_mb=max(record.parent_rss_mb or 0.0, known.parent_max_rss_mb if known else 0.0),
        )
        for name, version in {"blender": record.blender, **(record.versions or {})}.items():
            self._versions[name].add(version)


def totals_lines(totals: RunTotals) -> Iterator[str]:
    """Totals for people."""
    if not totals.scenes:
        return
    yield f"{totals.scenes} scenes, {totals.people} people"
    yield "  seconds a scene   median     95 %    in all"
    for name, part in totals.parts.items():
        yield f"  {name:14s} {part.median_s:9.3f} {part.p95_s:8.3f} {part.total_s:9.1f}"
    yield f"  everything but rendering: {totals.overhead:.0%} of rendering"
    for host, found in totals.hosts.items():
        memory = f"Blender {found.blender_max_rss_mb:.0f} MB, annotation {found.parent_max_rss_mb:.0f} MB at most"
        yield f"  {host}: {found.scenes} scenes by {found.processes} processes, {found.device}; {memory}"
    for name, versions in totals.versions.items():
        if len(versions) > 1:
            yield f"  MIXED VERSIONS of {name}: {', '.join(versions)}"


def _times(values: list[float]) -> PartTimes:
    if not values:
        return PartTimes(median_s=0.0, p95_s=0.0, total_s=0.0)
    ordered = sorted(values)
    return PartTimes(
        median_s=round(statistics.median(ordered), 4),
        p95_s=round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 4),
        total_s=round(sum(ordered), 3),
    )
