"""A dataset's card, `DIR/CARD.md`: what it is, how to read it, how varied it is, what it keeps to, what it may be
used for. `cuffs make`, `cuffs card`, `cuffs import` and `cuffs audit` write the same card; an audit's verdict stands in
it as long as the shards are those that were audited."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cuffs.codec import encode
from cuffs.errors import RecordError
from cuffs.plan import Plan
from cuffs.plan.records import is_rendered
from cuffs.publish import write_bytes
from cuffs.report.diversity import diversity, planned_scenes, skin_tones
from cuffs.shards import read_index
from cuffs.shards.reader import shard_paths, shards_digest

CARD: Final = "CARD.md"
AUDIT: Final = "audit/audit.json"

MEANINGS: Final = {
    "identities": "people",
    "hair": "hair styles",
    "cuts": "garments by cut",
    "outfits": "outfits, as sets of cuts",
    "garments": "garments by cut and cloth",
    "materials": "materials of garments",
    "actions": "poses by what is done",
    "body_sources": "bodies' poses by source",
    "hand_sources": "hands' poses by source",
    "places": "places, all that stands there included",
    "place_styles": "places by kind",
    "light": "light",
}

CONVENTIONS: Final = """\
- Metres, radians, pixels. Camera axes: x right, y down, z forward. The world's z is up; `T_world_cam` takes camera
  points to the world. Pixel (0, 0) is the outer corner of the top-left pixel. Images are never stored rotated.
- SMPL-X, neutral, 10 betas, 10 expression coefficients, axis-angle, hands 45 numbers each, absolute
  (`flat_hand_mean=True`), never PCA. Parameters are in the camera frame of the image.
- Turning the root also moves the body: `transl' = R (j0 + transl) - j0 + t`.
- A `*_valid` flag that is false: that part is no truth, don't train on it. null: unknown.
- `depth_z` is along the optical axis, `distance` Euclidean. All fields: the schema table in CUFFS' README."""

LOADING: Final = """\
```python
import json, webdataset

for sample in webdataset.WebDataset("shards/shard-000000.tar", shardshuffle=False):
    people = json.loads(sample["json"])["people"]
```"""


def make_card(folder: Path, plan: Plan | None) -> dict[str, Any]:
    """What a card says, ready for JSON: from the shards' indexes, the plan and the last audit of these shards.

    Args:
        folder: the dataset's.
        plan: its plan; None for bare shards.

    Raises:
        RecordError: if it has no finished shards, or a file is damaged.
    """
    splits: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    keys: set[str] = set()
    people = 0
    for tar_path in shard_paths(folder):
        index = read_index(tar_path.with_suffix(".json"))
        refused.update(rejection.cause for rejection in (*index.rejections, *index.quarantined))
        for entry in index.samples:
            keys.add(entry.key)
            people += entry.people
            splits[entry.split or "unknown"] += 1
    return {
        "name": folder.resolve().name if plan is None else plan.name,
        "samples": len(keys),
        "people": people,
        "splits": dict(sorted(splits.items())),
        "plan": None if plan is None else _plan(plan),
        "refused_rendered": dict(sorted(refused.items())),
        **_variety(folder, plan, frozenset(keys)),
        "audit": _audit(folder),
    }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "rendered": is_rendered(plan),
        "recipe_hash": plan.recipe_hash,
        "seed": plan.seed,
        "slots": plan.count,
        "body_model": {"name": plan.body_name, "sha256": plan.body_sha256},
        "versions": dict(plan.versions),
        "licences": list(plan.licences),
        "refused": dict(plan.refused),
    }


def _variety(folder: Path, plan: Plan | None, keys: frozenset[str]) -> dict[str, Any]:
    """Of what was rendered; the scenes are read twice rather than kept, so that memory stays flat."""
    if plan is None or not is_rendered(plan):
        return {"diversity": {}, "monk_tones": {}}
    found = diversity(planned_scenes(folder, plan, keys))
    tones = skin_tones(planned_scenes(folder, plan, keys))
    return {
        "diversity": {name: encode(figures) for name, figures in found.items()},
        "monk_tones": {str(tone): share for tone, share in tones.items()},
    }


def _audit(folder: Path) -> dict[str, Any] | None:
    """The verdict of the last audit; None if there was none, or other shards lay here then."""
    path = folder / AUDIT
    try:
        figures = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as problem:
        raise RecordError(f"{path} is damaged ({problem}). Run `cuffs audit {folder}` again.") from None
    if not isinstance(figures, dict) or figures.get("shards_sha256") != shards_digest(folder):
        return None
    return {"checks": figures["checks"], "failures": figures["failures"]}


def write_card(folder: Path, plan: Plan | None) -> Path:
    """Write `CARD.md` into the dataset's folder; its path.

    Raises:
        RecordError: as `make_card`.
        OutputError: if the folder can't be written.
    """
    write_bytes(folder / CARD, card_text(make_card(folder, plan)).encode())
    return folder / CARD


def card_text(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    plan = card["plan"]
    parts = [
        f"# {card['name']}",
        f"{card['samples']} pictures of {card['people']} people "
        f"({', '.join(f'{count} {split}' for split, count in card['splits'].items())}) with SMPL-X labels in the "
        "camera's frame, in WebDataset shards.",
        "## How it was made",
        _how(plan),
        "## Conventions",
        CONVENTIONS,
        LOADING,
        "## What the labels keep to",
        *_verdict(card["audit"]),
        *_how_varied(card),
        "## What was refused",
        _refused(card),
        "## Limits",
        _limits(card),
        "## Licences",
        "\n".join(f"- {licence}" for licence in (plan or {}).get("licences", [])) or "- unknown: see the annotations",
    ]
    return "\n\n".join(parts) + "\n"


def _how(plan: Mapping[str, Any] | None) -> str:
    if plan is None:
        return "Bare shards without a plan: nothing is known of how they were made but what each sample says."
    body = f"Labels are of the body model {plan['body_model']['name']}, sha256 `{plan['body_model']['sha256']}`."
    versions = ", ".join(f"{name} {version}" for name, version in plan["versions"].items())
    if not plan["rendered"]:
        return f"Imported with `cuffs import`; the same command with the same source gives it again. {body}"
    commands = (
        f"cuffs plan recipe.yaml --count {plan['slots']} --seed {plan['seed']} --out DIR   # recipe.yaml lies here\n"
        "cuffs render DIR\ncuffs verify DIR\ncuffs audit DIR"
    )
    made = f"Rendered from recipe {plan['recipe_hash']}, seed {plan['seed']}, {plan['slots']} slots; {versions}. {body}"
    return f"{made} To make it again:\n\n```bash\n{commands}\n```"


def _verdict(audit: Mapping[str, Any] | None) -> list[str]:
    if audit is None:
        return ["Not audited: run `cuffs audit DIR`."]
    missed = "all kept" if not audit["failures"] else f"**{len(audit['failures'])} missed**"
    rows = [
        (
            check["title"],
            "can't be told" if check["value"] is None else f"{check['value']:.4g} {check['unit']}",
            f"{check['limit']:.4g}",
            "" if check["ok"] else "**missed**",
        )
        for check in audit["checks"]
    ]
    return [
        f"Thresholds of `cuffs audit`: {missed}. `audit/index.html` shows what they rest on.",
        _table(("check", "value", "limit", ""), rows),
    ]


def _how_varied(card: Mapping[str, Any]) -> list[str]:
    if not card["diversity"]:
        return []
    rows = []
    for name, figures in card["diversity"].items():
        often = ", ".join(f"{kind} {count}" for kind, count in [*figures["most_frequent"].items()][:3])
        counts = (str(figures["total"]), str(figures["distinct"]), f"{figures['effective']:.1f}")
        rows.append((MEANINGS[name], *counts, often))
    tones = " · ".join(f"{tone}: {share:.1%}" for tone, share in card["monk_tones"].items())
    return [
        "## How varied it is",
        "The effective number is exp(entropy): as many kinds, all as frequent, would be as varied.",
        _table(("of", "in all", "distinct", "effective", "most frequent"), rows),
        f"People by Monk skin tone: {tones}",
    ]


def _refused(card: Mapping[str, Any]) -> str:
    planning = {} if card["plan"] is None else card["plan"]["refused"]
    made = card["plan"] is None or card["plan"]["rendered"]
    named = (("while planning", planning), ("after rendering", card["refused_rendered"]))
    lines = []
    for title, causes in named if made else (("while importing", {**planning, **card["refused_rendered"]}),):
        lines.append(f"- {title}: {', '.join(f'{cause} {count}' for cause, count in causes.items()) or 'nothing'}")
    return "\n".join(lines)


def _limits(card: Mapping[str, Any]) -> str:
    lines = ["- Labels are fits of a body with ten shape coefficients; under loose clothes the body is the body."]
    if card["plan"] is not None and card["plan"]["body_model"]["name"] == "open-body":
        lines.append("- The body model is the open stand-in, not SMPL-X: models trained on this need its file.")
    untold = [check["title"] for check in (card["audit"] or {"checks": []})["checks"] if check["value"] is None]
    if untold:
        lines.append(f"- Not checked, because this data can't tell: {', '.join(untold)}.")
    return "\n".join(lines)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    return "\n".join(lines + [f"| {' | '.join(cell.replace('|', '∣') for cell in row)} |" for row in rows])
