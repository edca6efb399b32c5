"""Figures as JSON and as Markdown tables, beside those that papers state."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from trainer.evaluate.run import Outcome

Row = Mapping[str, float]
PAPER: Final[Mapping[str, Mapping[str, Row]]] = {
    "ehf": {
        "Hand4Whole": {"pve_mm": 76.8, "pa_pve_mm": 50.3, "hands_pve_mm": 39.8},
        "OSX": {"pve_mm": 70.8, "pa_pve_mm": 48.7, "hands_pve_mm": 53.7},
        "Multi-HMR": {"pve_mm": 44.2, "pa_pve_mm": 32.7, "hands_pve_mm": 36.4},
        "Multi-HMR 896-L (README)": {"pve_mm": 42.2},
        "Multi-HMR 672-S (README)": {"pve_mm": 49.3},
    },
    "3dpw": {
        "ROMP": {"pa_mpjpe_mm": 47.3},
        "BEV": {"pa_mpjpe_mm": 46.9},
        "PSVT": {"pa_mpjpe_mm": 45.7},
        "Multi-HMR-448": {"pa_mpjpe_mm": 43.8},
        "Multi-HMR": {"pa_mpjpe_mm": 41.7},
        "Multi-HMR 896-L (README)": {"pve_mm": 89.9},
    },
    "mupots": {
        "ROMP": {"pck3d_all": 69.9},
        "BEV": {"pck3d_all": 70.2},
        "Multi-HMR-448": {"pck3d_all": 80.6},
        "Multi-HMR": {"pck3d_all": 85.0},
    },
    "panoptic": {
        "ROMP": {"mpjpe_mm": 108.1},
        "BEV": {"mpjpe_mm": 105.3},
        "PSVT": {"mpjpe_mm": 97.7},
        "Multi-HMR": {"mpjpe_mm": 82.8},
    },
    "bedlam": {"Multi-HMR 896-L (README)": {"pve_mm": 56.7}, "Multi-HMR 672-S (README)": {"pve_mm": 78.9}},
    "ubody": {"Multi-HMR": {"pve_mm": 56.4}},
    "agora": {"Multi-HMR (leaderboard)": {"fullbody-NMVE": 102.0}},
}
"""By benchmark and method: Multi-HMR's paper and README. PCK3D is stated without saying over whom: taken for all."""

COUNTS: Final = ("pictures", "found", "missed", "extra")


def as_json(outcomes: Sequence[Outcome], *, checkpoint: str, origin: Mapping[str, Any]) -> dict[str, Any]:
    """All figures, unrounded, and what they are of."""
    rows = [
        {"benchmark": one.kind, "name": one.name, "values": one.values, "notes": list(one.notes)} for one in outcomes
    ]
    return {"format": "cuffs-eval-1", "checkpoint": checkpoint, **origin, "results": rows}


def as_markdown(outcomes: Sequence[Outcome], *, label: str) -> str:
    """A table for each benchmark: ours first, then what papers state; a dash where nothing is stated."""
    return "\n\n".join(_section(one, label) for one in outcomes) + "\n"


def _section(outcome: Outcome, label: str) -> str:
    columns = [name for name in outcome.values if name not in COUNTS]
    rows = {label: outcome.values, **PAPER.get(outcome.kind, {})}
    lines = [
        f"## {outcome.name} ({outcome.kind})" if outcome.name != outcome.kind else f"## {outcome.name}",
        "",
        table(rows, columns),
        "",
        ", ".join(f"{name} {outcome.values[name] or 0:.0f}" for name in COUNTS if name in outcome.values),
        *(f"- {note}" for note in outcome.notes),
    ]
    return "\n".join(lines)


def table(rows: Mapping[str, Mapping[str, float | None]], columns: Sequence[str]) -> str:
    """A Markdown table with a row for each name."""
    lines = ["| | " + " | ".join(columns) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [
        "| " + " | ".join([name, *(_cell(values.get(key), key) for key in columns)]) + " |"
        for name, values in rows.items()
    ]
    return "\n".join(lines)


def _cell(value: float | None, column: str) -> str:
    if value is None:
        return "–"
    return f"{value:.3f}" if column in ("precision", "recall", "f1") else f"{value:.1f}"
