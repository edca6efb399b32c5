"""The dataset card: what a folder of shards is, in words, for whoever finds it. `DIR/README.md`."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cuffs.audit.checks import Check
from cuffs.plan import Plan

MARK: Final = "<!-- written by `cuffs audit`: changes here are lost -->"
"""First line; a README without it is somebody's own, and left alone."""

CONVENTIONS: Final = """\
- Metres, radians, pixels. Camera axes: x right, y down, z forward. The world's z is up; `T_world_cam` takes camera
  points to the world. Pixel (0, 0) is the outer corner of the top-left pixel. Images are never stored rotated.
- SMPL-X, neutral, 10 betas, 10 expression coefficients, axis-angle, hands 45 numbers each, absolute
  (`flat_hand_mean=True`), never PCA. Parameters are in the camera frame of the image.
- Turning the root also moves the body: `transl' = R (j0 + transl) - j0 + t`.
- A `*_valid` flag that is false: that part is no truth, don't train on it. null: unknown.
- `depth_z` is along the optical axis, `distance` Euclidean."""

LOADING: Final = """\
```python
import json, webdataset

for sample in webdataset.WebDataset("shards/shard-000000.tar", shardshuffle=False):
    people = json.loads(sample["json"])["people"]
```"""


def write_card(name: str, figures: Mapping[str, Any], checks: Sequence[Check], plan: Plan | None) -> str:
    """The card as Markdown.

    Args:
        name: of the dataset.
        figures: as in audit.json.
        checks: the verdict.
        plan: None for bare shards.
    """
    names = figures["names"]
    verdict = "all kept" if not figures["failures"] else f"**{len(figures['failures'])} missed**"
    parts = [
        MARK,
        f"# {name}",
        _what(figures, names),
        "## How it was made",
        _how(plan),
        "## Conventions",
        CONVENTIONS,
        LOADING,
        "## Counts",
        _table(("what", "number"), _counts(figures, names)),
        "## What the labels keep to",
        f"Thresholds of `cuffs audit`: {verdict}. The page `audit/index.html` shows what they rest on.",
        _table(("check", "value", "limit", ""), [_check(check) for check in checks]),
        "## Refused",
        _table(("cause", "number"), _refused(figures)),
        "## Limits",
        _limits(figures, plan),
        "## Licences",
        "\n".join(f"- {licence}" for licence in _licences(names, plan)) or "- unknown",
        "## To make it again",
        _commands(plan),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _what(figures: Mapping[str, Any], names: Mapping[str, Mapping[str, int]]) -> str:
    sources = ", ".join(names.get("dataset", {})) or "unknown sources"
    return (
        f"{figures['samples']} pictures of {figures['people']} people ({figures['identities']} identities) with SMPL-X "
        f"labels in the camera frame, in WebDataset shards. Poses from: {sources}."
    )


def _how(plan: Plan | None) -> str:
    if plan is None:
        return "Bare shards without a plan: nothing is known of how they were made but what each sample says."
    versions = ", ".join(f"{name} {version}" for name, version in plan.versions.items())
    return (
        f"Plan `{plan.name}`, recipe {plan.recipe_hash}, seed {plan.seed}, {plan.count} slots in shards of "
        f"{plan.chunk_size}. Body model {plan.body_name}, sha256 {plan.body_sha256}. Made with {versions or 'unknown'}."
    )


def _counts(figures: Mapping[str, Any], names: Mapping[str, Mapping[str, int]]) -> list[tuple[str, ...]]:
    rows = [(name, str(figures[name])) for name in ("samples", "people", "identities")]
    for kind in ("split", "place", "light"):
        rows += [(f"{kind}: {name}", str(number)) for name, number in names.get(kind, {}).items()]
    return rows


def _check(check: Check) -> tuple[str, ...]:
    value = "can't be told" if check.value is None else f"{check.value:.4g} {check.unit}"
    return (check.title, value, f"{check.limit:.4g}", "" if check.ok else "**missed**")


def _refused(figures: Mapping[str, Any]) -> list[tuple[str, ...]]:
    rows = [(f"{cause} (planning)", str(number)) for cause, number in figures["rejections_planning"].items()]
    return rows + [(cause, str(number)) for cause, number in figures["rejections_rendered"].items()]


def _limits(figures: Mapping[str, Any], plan: Plan | None) -> str:
    lines = ["- Labels are fits of a body with ten shape coefficients; under loose clothes the body is the body."]
    if plan is not None and plan.body_name == "open-body":
        lines.append("- The body model is the open stand-in, not SMPL-X: models trained on this need its file.")
    untold = [check["title"] for check in figures["checks"] if check["value"] is None]
    if untold:
        lines.append(f"- Not checked, because this data can't tell: {', '.join(untold)}.")
    return "\n".join(lines)


def _licences(names: Mapping[str, Mapping[str, int]], plan: Plan | None) -> list[str]:
    return sorted({*names.get("licence", {}), *(plan.licences if plan is not None else ())})


def _commands(plan: Plan | None) -> str:
    if plan is None:
        return ""
    if not any(name.startswith("chunks/") for name in plan.files):
        return "Imported: repeat `cuffs import` with the same source."
    return (
        "```bash\n"
        f"cuffs plan recipe.yaml --count {plan.count} --seed {plan.seed} --out DIR   # recipe.yaml is in this folder\n"
        "cuffs render DIR\ncuffs verify DIR\ncuffs audit DIR\n```"
    )


def _table(heads: Sequence[str], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return "None."
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join(lines + [f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |" for row in rows])
