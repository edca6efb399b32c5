"""Tables as HTML: every text escaped, numbers sortable by what they are."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from cuffs.audit.checks import Check
from cuffs.audit.facts import PART_NAMES


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]], *, name: str = "") -> str:
    """A sortable table; columns of numbers are set to the right, None is a dash."""
    cells = [list(row) for row in rows]
    numeric = [
        bool(cells) and all(row[column] is None or isinstance(row[column], int | float) for row in cells)
        for column in range(len(heads))
    ]
    head = "".join(
        f'<th scope="col"{_number(is_number)}>{escape(text)}</th>'
        for text, is_number in zip(heads, numeric, strict=True)
    )
    body = "".join(
        "<tr>" + "".join(_cell(value, is_number) for value, is_number in zip(row, numeric, strict=True)) + "</tr>"
        for row in cells
    )
    label = f' id="{name}"' if name else ""
    return (
        f'<div class="scroll"><table class="sortable"{label}><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _number(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _cell(value: Any, is_number: bool) -> str:
    if value is None:
        return f'<td{_number(is_number)} data-value="">–</td>'
    if isinstance(value, float):
        return f'<td{_number(is_number)} data-value="{value!r}">{value:.4g}</td>'
    return f"<td{_number(is_number)}>{escape(str(value))}</td>"


def counts_table(what: str, counts: Mapping[str, int], *, empty: str) -> str:
    """Names and how often each occurs, or a line that there are none."""
    if not counts:
        return f'<p class="note">{escape(empty)}</p>'
    return table([what, "number"], sorted(counts.items(), key=lambda item: -item[1]))


def checks_table(checks: Sequence[Check]) -> str:
    """The verdict, missed checks first, with the samples that speak against each."""
    rows = "".join(_check_row(check) for check in sorted(checks, key=lambda check: (check.ok, check.value is None)))
    heads = ("verdict", "check", "value", "limit", "unit")
    head = "".join(f'<th scope="col"{_number(text in ("value", "limit"))}>{text}</th>' for text in heads)
    return (
        f'<div class="scroll"><table class="sortable" id="checks"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _check_row(check: Check) -> str:
    verdict, kind = ("ok", "good") if check.ok else ("missed", "bad")
    if check.value is None:
        verdict, kind = "can’t be told", "untold"
    value = "–" if check.value is None else f"{check.value:.4g}"
    what = escape(check.what)
    if check.offenders:
        listed = "".join(f"<li><code>{escape(key)}</code> {escape(why)}</li>" for key, why in check.offenders)
        more = f" (the first {len(check.offenders)} of {check.number})" if check.number > len(check.offenders) else ""
        what += f"<details><summary>{check.number} found{more}</summary><ul>{listed}</ul></details>"
    return (
        f'<tr data-ok="{str(check.ok).lower()}" id="check-{check.name}"><td class="{kind}">{verdict}</td>'
        f'<td class="check" data-value="{escape(check.title)}">{escape(check.title)}<span>{what}</span></td>'
        f'<td class="number" data-value="{"" if check.value is None else check.value}">'
        f'{value}</td><td class="number" data-value="{check.limit}">{check.limit:.4g}</td>'
        f"<td>{escape(check.unit)}</td></tr>"
    )


def residual_tables(figures: Mapping[str, Any]) -> str:
    """Residuals by part: measured anew where target vertices were kept, and as the samples state them."""
    parts = []
    measured = figures["residual_mm"]
    if any(stats["count"] for stats in measured.values()):
        rows = [(PART_NAMES[part], s["mean"], s["p95"], s["p99"], s["max"], s["count"]) for part, s in measured.items()]
        parts.append("<h3>Measured anew, over all vertices of all people</h3>")
        heads = ["part", "mean, mm", "p95, mm", "p99, mm", "max, mm", "vertices"]
        parts.append(table(heads, rows, name="measured"))
    stated = [
        (PART_NAMES[part], s["mean"], s["p95"], s["max"]) for part, s in figures["residual_mm_stated"].items() if s
    ]
    if stated:
        parts.append("<h3>As the samples state it: means over people, and the largest of all</h3>")
        parts.append(table(["part", "mean, mm", "p95, mm", "max, mm"], stated, name="stated"))
    return "".join(parts) or '<p class="note">These labels are no fits: there are no residuals.</p>'
