"""The whole page: verdict first, then what it rests on."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from typing import Any

from cuffs.audit.checks import Check
from cuffs.audit.facts import PART_NAMES, PARTS
from cuffs.audit.page.charts import histogram_figure
from cuffs.audit.page.tables import checks_table, counts_table, residual_tables, table

KINDS = {
    "dataset": "sources of poses",
    "licence": "licences",
    "split": "splits",
    "place": "places",
    "light": "light",
    "version": "versions",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSample:
    """A sample of the page."""

    key: str
    groups: tuple[str, ...]
    """worst, random."""

    badness: float
    cause: str
    facts: str
    """A line about it."""

    jpeg: bytes | None
    """Image, label and joints side by side; None where nothing could be drawn."""

    width: int = 0
    height: int = 0
    """Of the picture, pixels."""


def build_page(name: str, figures: Mapping[str, Any], checks: Sequence[Check], samples: Sequence[ShownSample]) -> str:
    """The page's HTML.

    Args:
        name: of the dataset.
        figures: as in audit.json.
        checks: the verdict.
        samples: those that are shown.
    """
    folder = files("cuffs.audit.page")
    style, script = (folder.joinpath(file).read_text(encoding="utf-8") for file in ("page.css", "page.js"))
    sections = [
        _head(name, figures, checks),
        _section("verdict", "Checks", _checks(checks)),
        _section("residuals", "Residuals by body part", residual_tables(figures) + _images(figures)),
        _section("histograms", "What is in it", _histograms(figures)),
        _section("rejections", "What was refused", _rejections(figures)),
        _section("correspondence", "Correspondence of characters and body model", _correspondence(figures)),
        _section("provenance", "Provenance", _provenance(figures)),
        _section("samples", "Samples", _samples(samples)),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>Audit of {escape(name)}</title><link rel="icon" href="data:,"><style>{style}</style></head>'
        f"<body><main>{''.join(sections)}{_foot(figures)}</main>{_dialog()}<script>{script}</script></body></html>\n"
    )


def _section(name: str, title: str, content: str) -> str:
    return f'<section id="{name}"><h2>{escape(title)}</h2>{content}</section>'


def _head(name: str, figures: Mapping[str, Any], checks: Sequence[Check]) -> str:
    missed = [check for check in checks if not check.ok]
    untold = [check for check in checks if check.value is None]
    if missed:
        verdict = f'<strong class="bad">{len(missed)} of {len(checks)} checks missed</strong>'
        rest = _named(missed)
    else:
        verdict = f'<strong class="good">All {len(checks) - len(untold)} checks kept</strong>'
        rest = f"can’t be told from this data: {_named(untold)}" if untold else "nothing speaks against these labels"
    links = (
        ("verdict", "checks"),
        ("residuals", "residuals"),
        ("histograms", "histograms"),
        ("rejections", "refused"),
        ("correspondence", "correspondence"),
        ("provenance", "provenance"),
        ("samples", "samples"),
    )
    nav = "".join(f'<a href="#{target}">{text}</a>' for target, text in links)
    return (
        f"<header><h1>Audit of {escape(name)}</h1><p>{figures['samples']} samples, {figures['people']} people, "
        f"{figures['identities']} identities. Computed from what training reads.</p>"
        f'<div class="verdict{" bad" if missed else ""}">{verdict}<span>{rest}</span></div>'
        f"{_key_figures(figures)}<nav>{nav}</nav></header>"
    )


def _named(checks: Sequence[Check]) -> str:
    return "; ".join(f'<a href="#check-{check.name}">{escape(check.title)}</a>' for check in checks)


def _key_figures(figures: Mapping[str, Any]) -> str:
    """What somebody wants to know first, in large letters; only what this data can tell."""
    measured, stated = figures["residual_mm"], figures["residual_mm_stated"]
    kept = any(stats["count"] for stats in measured.values())
    parts = {name: measured[name] if kept else stated[name] or {} for name in PARTS}
    tips, iou = figures["histograms"]["fingertip_px"]["mean"], figures["silhouette_iou"]
    tiles = [
        ("whole body, mean", parts["all"].get("mean"), "mm"),
        ("whole body, 95 of 100 below", parts["all"].get("p95"), "mm"),
        ("fingers, mean", parts["fingers"].get("mean"), "mm"),
        ("face, mean", parts["face"].get("mean"), "mm"),
        ("fingertips in the picture, mean", tips, "px"),
        ("2D joints as stated, worst", figures["joints2d_px_max"] if figures["people"] else None, "px"),
        ("silhouettes, IoU, mean", iou["mean"], ""),
    ]
    told = [(name, f"{value:.3g} {unit}") for name, value, unit in tiles if value is not None]
    return '<dl class="key">' + "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in told) + "</dl>"


def _checks(checks: Sequence[Check]) -> str:
    tools = '<div class="tools"><label><input type="checkbox" id="only-missed"> only what was missed</label></div>'
    return tools + checks_table(checks)


def _images(figures: Mapping[str, Any]) -> str:
    iou, tips = figures["silhouette_iou"], figures["histograms"]["fingertip_px"]
    rows = [
        ("2D joints and boxes as stated, largest error, px", figures["joints2d_px_max"]),
        ("fingertips, label against rendered body, mean, px", tips["mean"]),
        ("fingertips, 95 of 100 below, px", tips["p5_p50_p95"][2] if tips["p5_p50_p95"] else None),
        ("control people (no clothes, nothing before them): silhouettes, IoU, mean", iou["mean"]),
        ("the same, least", iou["least"]),
        ("control people in this data", float(iou["people"])),
    ]
    return "<h3>In the picture</h3>" + table(["measure", "value"], rows, name="in-picture")


def _histograms(figures: Mapping[str, Any]) -> str:
    return f'<div class="charts">{"".join(histogram_figure(one) for one in figures["histograms"].values())}</div>'


def _rejections(figures: Mapping[str, Any]) -> str:
    left = counts_table("while planning", figures["rejections_planning"], empty="Nothing was refused while planning.")
    right = counts_table(
        "after rendering", figures["rejections_rendered"], empty="Nothing was refused after rendering."
    )
    return f'<div class="columns"><div>{left}</div><div>{right}</div></div>'


def _correspondence(figures: Mapping[str, Any]) -> str:
    if not figures["correspondence"]:
        return '<p class="note">The dataset carries no correspondence table: nothing was carried over meshes.</p>'
    heads = ["part", "gap mean, mm", "gap p95, mm", "gap max, mm", "covered"]
    return "".join(
        f"<h3>Characters: {escape(kind)}</h3>"
        + table(
            heads,
            [
                (PART_NAMES.get(part, part), s["mean_mm"], s["p95_mm"], s["max_mm"], s["covered"])
                for part, s in parts.items()
            ],
        )
        for kind, parts in figures["correspondence"].items()
    )


def _provenance(figures: Mapping[str, Any]) -> str:
    plan = figures["plan"]
    rows = [] if plan is None else [(key.replace("_", " "), str(value)) for key, value in plan.items()]
    head = table(["plan", "value"], rows) if rows else '<p class="note">There is no plan: bare shards.</p>'
    tables = "".join(
        f"<div>{counts_table(title, figures['names'].get(kind, {}), empty=f'No {title} are named.')}</div>"
        for kind, title in KINDS.items()
    )
    return f'{head}<div class="columns" style="margin-top:12px">{tables}</div>'


def _samples(samples: Sequence[ShownSample]) -> str:
    tools = (
        '<div class="tools"><label>show <select id="group"><option value="all">worst and random</option>'
        '<option value="worst">worst</option><option value="random">random</option></select></label>'
        '<label>order <select id="order"><option value="badness">worst first</option>'
        '<option value="key">by key</option></select></label>'
        '<label>words <input id="words" type="search" placeholder="key, place, identity"></label>'
        '<span id="shown" aria-live="polite"></span></div>'
    )
    note = (
        '<p class="note">Image, labelled body over it, joints (left blue, right orange, hidden grey). '
        "Badness is the largest measure over its limit. A click opens a sample large.</p>"
    )
    return f'{note}{tools}<div class="samples" id="gallery">{"".join(_card(sample) for sample in samples)}</div>'


def _card(sample: ShownSample) -> str:
    words = escape(f"{sample.key} {sample.cause} {sample.facts}".lower(), quote=True)
    picture = "<p>can’t be drawn</p>"
    if sample.jpeg is not None:
        data = base64.b64encode(sample.jpeg).decode()
        picture = (
            f'<button type="button" aria-label="open {escape(sample.key)} large"><img alt="{escape(sample.key)}" '
            f'width="{sample.width}" height="{sample.height}" '
            f'src="data:image/jpeg;base64,{data}"></button>'
        )
    return (
        f'<article class="sample" data-key="{escape(sample.key)}" data-groups="{" ".join(sample.groups)}" '
        f'data-badness="{sample.badness:.4f}" data-cause="{escape(sample.cause, quote=True)}" data-words="{words}">'
        f"{picture}<p><code>{escape(sample.key)}</code> <strong>{sample.badness:.2f}</strong> {escape(sample.cause)}"
        f"<br><span>{escape(sample.facts)}</span></p></article>"
    )


def _dialog() -> str:
    return (
        '<dialog id="large"><form method="dialog"><strong></strong><button>close</button></form>'
        '<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw="></dialog>'
    )


def _foot(figures: Mapping[str, Any]) -> str:
    return f"<footer>Every figure of this page is in audit.json ({escape(figures['schema'])}).</footer>"
