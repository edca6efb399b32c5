"""What this machine does, by part: the figures that time and money are estimated from."""

import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from cuffs.farm.telemetry import SceneTelemetry
from cuffs.farm.totals import PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchReport:
    """Seconds a scene by part: median over scenes, the first left out because it warms up."""

    scenes: int
    people: int
    median_s: dict[str, float]
    total_s: dict[str, float]
    images_an_hour: float
    """One worker at this pace, start-up left out."""

    overhead: float
    """Everything but rendering, relative to rendering."""

    max_rss_mb: float
    device: str
    blender: str
    host: str


def report(records: Sequence[SceneTelemetry]) -> BenchReport:
    """Sum up telemetry of one worker.

    Args:
        records: at least one; the first is left out where there are more.
    """
    counted = records[1:] if len(records) > 1 else records
    median = {part: statistics.median(getattr(record, part) for record in counted) for part in PARTS}
    total = {part: sum(getattr(record, part) for record in counted) for part in PARTS}
    whole = sum(total.values())
    return BenchReport(
        scenes=len(counted),
        people=sum(record.people for record in counted),
        median_s={part: round(value, 4) for part, value in median.items()},
        total_s={part: round(value, 3) for part, value in total.items()},
        images_an_hour=round(3600 * len(counted) / whole, 1),
        overhead=round((whole - total["render_s"]) / total["render_s"], 4),
        max_rss_mb=round(max(record.max_rss_mb for record in counted), 1),
        device=counted[-1].device,
        blender=counted[-1].blender,
        host=platform.node(),
    )


def table(found: BenchReport) -> str:
    """The report as lines for people."""
    lines = [f"{found.scenes} scenes, {found.people} people on {found.host}: {found.device}, Blender {found.blender}"]
    lines += [
        f"  {part.removesuffix('_s'):8s} {found.median_s[part]:8.3f} s (median) {found.total_s[part]:9.2f} s in all"
        for part in PARTS
    ]
    lines.append(
        f"  everything but rendering: {found.overhead:.0%} of rendering; peak memory {found.max_rss_mb:.0f} MB"
    )
    lines.append(f"  {found.images_an_hour:.0f} images an hour with one worker")
    return "\n".join(lines)
