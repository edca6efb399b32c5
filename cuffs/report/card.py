"""A dataset's card: what it is, how it was made, how varied it is, what was refused, on what terms it may be used."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cuffs.codec import encode
from cuffs.plan import Plan
from cuffs.publish import write_bytes
from cuffs.report.diversity import diversity, planned_scenes, skin_tones
from cuffs.shards import iterate_samples

CARD, CARD_TEXT = "card.json", "CARD.md"

MEANINGS = {
    "identities": "people",
    "hair": "hair styles",
    "cuts": "garments by cut",
    "outfits": "outfits, as sets of cuts",
    "garments": "garments by cut and cloth",
    "materials": "materials of garments",
    "actions": "poses by what is done",
    "places": "places, all that stands there included",
    "place_styles": "places by kind",
    "light": "light",
}


def make_card(folder: Path, plan: Plan) -> dict[str, Any]:
    """Figures of a finished dataset, ready for JSON.

    Args:
        folder: the dataset's.
        plan: its plan.

    Raises:
        RecordError: if it has no finished shards, or a file is damaged.
    """
    splits: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    keys: set[str] = set()
    shards: set[Path] = set()
    people = 0
    for tar_path, index, entry in iterate_samples(folder):
        keys.add(entry.key)
        people += entry.people
        splits[entry.split or "unknown"] += 1
        if tar_path not in shards:
            shards.add(tar_path)
            refused.update(rejection.cause for rejection in (*index.rejections, *index.quarantined))
    specs = list(planned_scenes(folder, plan, frozenset(keys)))
    return {
        "schema": "cuffs-card/1",
        "name": plan.name,
        "recipe_hash": plan.recipe_hash,
        "seed": plan.seed,
        "slots": plan.count,
        "samples": len(keys),
        "people": people,
        "splits": dict(sorted(splits.items())),
        "body_model": {"name": plan.body_name, "sha256": plan.body_sha256},
        "versions": dict(plan.versions),
        "licences": list(plan.licences),
        "refused_planning": dict(plan.refused),
        "refused_rendered": dict(sorted(refused.items())),
        "diversity": {name: encode(figures) for name, figures in diversity(specs).items()},
        "monk_tones": {str(tone): share for tone, share in skin_tones(specs).items()},
    }


def write_card(folder: Path, plan: Plan) -> Path:
    """Write `card.json` and, for people, `CARD.md` into the dataset's folder; the latter's path.

    Raises:
        RecordError: as `make_card`.
        OutputError: if the folder can't be written.
    """
    card = make_card(folder, plan)
    write_bytes(folder / CARD, (json.dumps(card, indent=1) + "\n").encode())
    write_bytes(folder / CARD_TEXT, card_text(card).encode())
    return folder / CARD_TEXT


def card_text(card: Mapping[str, Any]) -> str:
    """The card as Markdown."""
    lines = [
        f"# {card['name']}",
        "",
        f"{card['samples']} pictures of {card['people']} people "
        f"({', '.join(f'{count} {split}' for split, count in card['splits'].items())}), rendered by CUFFS "
        f"{card['versions'].get('cuffs', '')}. Recipe {card['recipe_hash']} (`recipe.yaml`), seed {card['seed']}.",
        f"Labels are of the body model {card['body_model']['name']}, sha256 `{card['body_model']['sha256'][:16]}…`.",
        "Fields and conventions: the schema table in CUFFS' README. Residuals and checks: `cuffs audit`.",
        "",
        f"To make it again: `cuffs plan recipe.yaml --count {card['slots']} --seed {card['seed']} --out DIR`, "
        "`cuffs render DIR`.",
        "",
        "## How varied it is",
        "",
        "The effective number is exp(entropy): as many kinds, all as frequent, would be as varied.",
        "",
        "| of | in all | distinct | effective | most frequent |",
        "|---|---|---|---|---|",
    ]
    for name, figures in card["diversity"].items():
        often = ", ".join(f"{kind} {count}" for kind, count in [*figures["most_frequent"].items()][:3])
        lines.append(
            f"| {MEANINGS[name]} | {figures['total']} | {figures['distinct']} | {figures['effective']:.1f} | {often} |"
        )
    tones = " · ".join(f"{tone}: {share:.1%}" for tone, share in card["monk_tones"].items())
    lines += ["", f"People by Monk skin tone: {tones}", "", "## What was refused", ""]
    for title, key in (("while planning", "refused_planning"), ("after rendering", "refused_rendered")):
        causes = ", ".join(f"{cause} {count}" for cause, count in card[key].items()) or "nothing"
        lines.append(f"- {title}: {causes}")
    lines += ["", "## Licences", "", *(f"- {licence}" for licence in card["licences"]), ""]
    return "\n".join(lines)
