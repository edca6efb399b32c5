"""Histograms as SVG: colours come from the page, so they follow its light and dark."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

WIDTH: Final = 300
HEIGHT: Final = 110
FLOOR: Final = 92
"""Where bars stand."""

LEAST_BINS: Final = 8


def histogram_svg(figures: Mapping[str, Any]) -> str:
    """One quantity.

    Args:
        figures: what `Histogram.figures` gives.
    """
    counts, edges = _trimmed(figures["counts"], figures["edges"])
    highest = max(counts) or 1
    step = WIDTH / len(counts)
    bars = []
    for number, count in enumerate(counts):
        if not count:
            continue
        high = max(1.5, (FLOOR - 6) * count / highest)
        title = f"{edges[number]:g} to {edges[number + 1]:g} {figures['unit']}: {count}"
        bars.append(
            f'<rect x="{step * number + 0.5:.1f}" y="{FLOOR - high:.1f}" width="{max(1.0, step - 1):.1f}" '
            f'height="{high:.1f}"><title>{escape(title)}</title></rect>'
        )
    low, middle, high_edge = edges[0], (edges[0] + edges[-1]) / 2, edges[-1]
    labels = (
        f'<text x="0" y="{HEIGHT - 4}">{low:.3g}</text>'
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">{middle:.3g}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 4}" text-anchor="end">{high_edge:.3g}</text>'
    )
    name = escape(figures["title"])
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Histogram: {name}">{"".join(bars)}'
        f'<line x1="0" y1="{FLOOR}" x2="{WIDTH}" y2="{FLOOR}"/>{labels}</svg>'
    )


def _trimmed(counts: Sequence[int], edges: Sequence[float]) -> tuple[Sequence[int], Sequence[float]]:
    """Without empty bins at both ends, but one; at least eight bins stay."""
    full = [number for number, count in enumerate(counts) if count]
    first, last = max(0, full[0] - 1), min(len(counts), full[-1] + 2)
    first = max(0, min(first, last - LEAST_BINS))
    last = min(len(counts), max(last, first + LEAST_BINS))
    return counts[first:last], edges[first : last + 1]


def histogram_figure(figures: Mapping[str, Any]) -> str:
    """One quantity with its name, mean and quantiles; empty where there are no values."""
    if not figures["count"]:
        return ""
    low, middle, high = (f"{value:.4g}" for value in figures["p5_p50_p95"])
    unit = f" {figures['unit']}" if figures["unit"] else ""
    note = f"mean {figures['mean']:.4g}{unit}; 90 of 100 within {low} to {high}, half below {middle}"
    return (
        f"<figure><figcaption>{escape(figures['title'])}<span>{escape(note)}</span></figcaption>"
        f"{histogram_svg(figures)}</figure>"
    )
