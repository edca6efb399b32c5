"""How different the people and places of a dataset are: counts, and effective numbers by entropy.

The effective number of kinds is exp(H), H being the entropy of their shares in nats (Hill 1973, order 1): as many
equally frequent kinds would be as hard to foresee.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuffs.character.tones import monk_tone
from cuffs.codec import encode
from cuffs.plan import Plan, read_chunk
from cuffs.records import MaterialSpec, PersonSpec, PlaceSpec, SceneSpec
from cuffs.records.surface_spec import Colour

COLOUR_STEPS = 6
"""Materials differ where a channel of their colour, as displayed, lies in another of so many equal ranges."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variety:
    """How many kinds there are of something, and how evenly they are spread."""

    total: int
    distinct: int
    effective: float
    """exp of the entropy: 1 where all are of one kind, `distinct` where all kinds are as frequent."""

    most_frequent: Mapping[str, int]
    """The first few, by name."""


def variety(kinds: Iterable[Hashable], *, named: int = 5) -> Variety:
    """Count kinds.

    Args:
        kinds: of what is looked at, one by one.
        named: how many of the most frequent are listed.
    """
    counts = Counter(kinds)
    total = sum(counts.values())
    shares = np.array(sorted(counts.values()), float) / max(total, 1)
    effective = float(np.exp(-(shares * np.log(shares)).sum())) if total else 0.0
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return Variety(
        total=total,
        distinct=len(counts),
        effective=round(effective, 3),
        most_frequent={str(kind): count for kind, count in ordered[:named]},
    )


def diversity(specs: Iterable[SceneSpec]) -> dict[str, Variety]:
    """Figures over scenes.

    Identities, hair, garments (cuts, and single pieces), materials and light count once for every person or scene that
    shows them. `places` are whole surroundings with all that stands in them; `place_styles` are their kinds.
    """
    found: dict[str, list[Hashable]] = {name: [] for name in (*_OF_PERSON, *_OF_SCENE)}
    for spec in specs:
        for name, kind_of in _OF_SCENE.items():
            found[name].append(kind_of(spec))
        for person in spec.people:
            for name, kinds_of in _OF_PERSON.items():
                found[name] += kinds_of(person)
    return {name: variety(kinds) for name, kinds in found.items()}


def skin_tones(specs: Iterable[SceneSpec]) -> dict[int, float]:
    """Share of the identities on each of Monk's ten tones, nearest in Lab; every identity counts once."""
    colours: dict[str, Colour] = {}
    for spec in specs:
        for person in spec.people:
            colours.setdefault(person.character.identity, person.character.skin.colour)
    counts = Counter(monk_tone(colour) for colour in colours.values())
    return {tone: round(counts[tone] / max(len(colours), 1), 4) for tone in range(1, 11)}


def triples(plan: Plan, specs: Iterable[SceneSpec]) -> Iterator[tuple[str, str, str]]:
    """Identity, pose and place of everybody, each as a hash: what two runs with other seeds must not share."""
    start = "assets/identities/"
    identities = {Path(name).stem: digest for name, digest in plan.files.items() if name.startswith(start)}
    for spec in specs:
        place = place_hash(spec.place)
        for person in spec.people:
            identity = identities[person.character.identity]
            yield identity, _hash(person.pose.round(6).tolist()), place


def place_hash(place: PlaceSpec) -> str:
    """Of all that surrounds people; the same only where nothing differs."""
    return _hash(encode(place))


def material_name(material: MaterialSpec) -> str:
    """Shader, pattern and rough colours: what one would call two pieces of cloth the same by."""
    colours = [_rough(material.colour)]
    if material.second_colour is not None and material.pattern != "plain":
        colours.append(_rough(material.second_colour))
    return " ".join([material.kind, material.pattern, *colours])


def planned_scenes(folder: Path, plan: Plan, keys: frozenset[str] | None = None) -> Iterator[SceneSpec]:
    """The scenes that became samples, or the first of each slot where nothing is rendered yet.

    Args:
        folder: the plan's.
        plan: its record.
        keys: of the samples; None for a plan alone.

    Raises:
        RecordError: if a chunk's file is missing or damaged.
    """
    for chunk in range(plan.num_chunks):
        for slot in read_chunk(folder, plan, chunk).slots:
            if keys is None:
                yield slot.specs[0]
            else:
                yield from (spec for spec in slot.specs if spec.key in keys)


def _outfit(person: PersonSpec) -> str:
    return " + ".join(sorted(garment.name for garment in person.character.garments)) or "nothing"


def _hair(person: PersonSpec) -> str:
    return person.character.hair.name if person.character.hair is not None else "none"


_OF_PERSON: Mapping[str, Callable[[PersonSpec], Iterable[Hashable]]] = {
    "identities": lambda person: [person.character.identity],
    "hair": lambda person: [_hair(person)],
    "cuts": lambda person: [garment.name for garment in person.character.garments],
    "outfits": lambda person: [_outfit(person)],
    "garments": lambda person: [
        f"{garment.name}: {material_name(garment.material)}" for garment in person.character.garments
    ],
    "materials": lambda person: [material_name(garment.material) for garment in person.character.garments],
    "actions": lambda person: [person.body_source.action or person.body_source.file],
    "body_sources": lambda person: [person.body_source.dataset],
    "hand_sources": lambda person: [person.left_hand_source.dataset, person.right_hand_source.dataset],
}
_OF_SCENE: Mapping[str, Callable[[SceneSpec], Hashable]] = {
    "places": lambda spec: place_hash(spec.place),
    "place_styles": lambda spec: f"{spec.place.kind}/{spec.place.style}",
    "light": lambda spec: spec.light.mood,
}


def _rough(colour: Colour) -> str:
    shown = np.clip(np.array(colour), 0, 1) ** (1 / 2.2)
    return "".join(str(min(COLOUR_STEPS - 1, int(channel * COLOUR_STEPS))) for channel in shown)


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
