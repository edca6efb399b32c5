"""A run's figures as a text file for Prometheus: node_exporter's textfile collector picks it up.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/ (text, version 0.0.4).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cuffs.farm.status import Status
from cuffs.farm.totals import RunTotals
from cuffs.publish import write_bytes

MB = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric and its samples."""

    name: str
    kind: Literal["counter", "gauge", "summary"]
    help: str
    samples: Mapping[tuple[tuple[str, str], ...], float]
    """Values by labels."""

    suffix: str = ""
    """`_sum` or `_count` of a summary, whose heading is that of its name."""


def prometheus_text(status: Status, totals: RunTotals) -> str:
    """The file's content.

    Args:
        status: how far the run is.
        totals: what it took.
    """
    lines, seen = [], set()
    for metric in _metrics(status, totals):
        if metric.name not in seen:
            seen.add(metric.name)
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}"]
        for labels, value in metric.samples.items():
            named = ",".join(f'{name}="{_escaped(text)}"' for name, text in (("plan", status.name), *labels))
            lines.append(f"{metric.name}{metric.suffix}{{{named}}} {value!r}")
    return "\n".join(lines) + "\n"


def write_prometheus(path: Path, status: Status, totals: RunTotals) -> None:
    """Write the file whole, as the collector asks for.

    Raises:
        OutputError: if it can't be written.
    """
    write_bytes(path, prometheus_text(status, totals).encode())


def _metrics(status: Status, totals: RunTotals) -> Iterator[Metric]:
    plain = {
        "cuffs_slots": ("Slots of the plan.", status.slots),
        "cuffs_slots_finished": ("Slots with a result.", status.finished),
        "cuffs_samples": ("Finished samples.", status.samples),
        "cuffs_slots_exhausted": ("Slots whose spares were all refused.", status.exhausted),
        "cuffs_slots_quarantined": ("Slots that could not be rendered.", status.quarantined),
        "cuffs_shards": ("Shards of the plan.", status.chunks),
        "cuffs_shards_finished": ("Finished shards.", status.packed),
        "cuffs_workers": ("Processes at work.", sum(not worker.is_gone for worker in status.workers)),
        "cuffs_images_per_hour": ("Rate of the last ten minutes.", status.images_an_hour or 0.0),
    }
    for name, (text, value) in plain.items():
        yield Metric(name=name, kind="gauge", help=text, samples={(): float(value)})
    yield Metric(
        name="cuffs_scenes_total",
        kind="counter",
        help="Scenes by outcome: done, or the cause of refusal.",
        samples={(("outcome", cause),): float(number) for cause, number in totals.outcomes.items()},
    )
    yield Metric(
        name="cuffs_failed_tries_total",
        kind="counter",
        help="Tries that came to nothing, by cause.",
        samples={(("cause", row.cause),): float(row.tries) for row in status.failed_tries},
    )
    seconds = {(("part", name),): part.total_s for name, part in totals.parts.items()}
    text = "Seconds of scenes by part."
    yield Metric(name="cuffs_scene_seconds", kind="summary", help=text, samples=seconds, suffix="_sum")
    counts = dict.fromkeys(seconds, float(totals.scenes))
    yield Metric(name="cuffs_scene_seconds", kind="summary", help=text, samples=counts, suffix="_count")
    yield Metric(
        name="cuffs_memory_max_bytes",
        kind="gauge",
        help="Most resident memory of one process, by host and role.",
        samples={
            (("host", host), ("role", role)): value * MB
            for host, found in totals.hosts.items()
            for role, value in (("blender", found.blender_max_rss_mb), ("annotation", found.parent_max_rss_mb))
        },
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
