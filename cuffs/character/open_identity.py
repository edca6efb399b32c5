"""Open identities: who the open characters are."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.anny_model import AnnyModel, load_anny
from cuffs.character.records import Identity, Topology
from cuffs.config import require_span

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConfig:
    """The ranges that adults are drawn from; each trait runs from 0 to 1 as in MakeHuman."""

    gender: tuple[float, float] = (0.0, 1.0)
    """0 male, 1 female; most people lie near an end."""

    age: tuple[float, float] = (0.6, 0.95)
    """0.33 is a child, 0.67 a young adult, 1 old."""

    muscle: tuple[float, float] = (0.25, 0.8)
    weight: tuple[float, float] = (0.2, 0.85)
    height: tuple[float, float] = (0.3, 0.7)
    proportions: tuple[float, float] = (0.2, 0.9)

    def __post_init__(self) -> None:
        for name in ("gender", "age", "muscle", "weight", "height", "proportions"):
            require_span(f"identities.{name}", getattr(self, name), 0.0, 1.0)
        require_span("identities.age", self.age, 0.5, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phenotype:
    """What an identity is made from: anny's phenotype, each trait from 0 to 1."""

    traits: Mapping[str, float]


def sample_phenotype(config: IdentityConfig, rng: np.random.Generator) -> Phenotype:
    """Draw an adult. Traits gather in the middle of their ranges; sex near one of the ends, race anywhere between."""

    def between(span: tuple[float, float], share: float) -> float:
        return float(span[0] + (span[1] - span[0]) * share)

    races = rng.dirichlet([0.6, 0.6, 0.6])
    female = rng.uniform() < 0.5
    sex = rng.beta(1.2, 8.0)
    return Phenotype(
        traits={
            "gender": between(config.gender, 1 - sex if female else sex),
            "age": between(config.age, rng.beta(1.3, 1.6)),
            "muscle": between(config.muscle, rng.beta(2, 2)),
            "weight": between(config.weight, rng.beta(2, 2.4)),
            "height": between(config.height, rng.beta(2.5, 2.5)),
            "proportions": between(config.proportions, rng.beta(2, 1.5)),
            "cupsize": float(rng.uniform(0.2, 0.8)),
            "firmness": float(rng.uniform(0.3, 0.8)),
            "african": float(races[0]),
            "asian": float(races[1]),
            "caucasian": float(races[2]),
        }
    )


class OpenIdentities:
    """Makes identities; anny is loaded once, when the first is asked for."""

    def __init__(self, cache: Path, topology: Topology) -> None:
        self._cache = cache
        self._topology = topology
        self._anny: AnnyModel | None = None

    def build(self, phenotype: Phenotype, local_changes: Mapping[str, float] | None = None) -> Identity:
        """An identity at rest, feet at z = 0. Its betas and rest rotations are 0 and 1 until they are fitted."""
        if self._anny is None:
            self._anny = load_anny(self._cache, topology="anny-full", local_changes=True)
        shape = self._anny.rest(phenotype.traits, local_changes)
        lift = np.array([0.0, 0.0, -shape.verts[self._topology.body_vertices, 2].min()])
        names = sorted(phenotype.traits)
        return Identity(
            rest=(shape.verts + lift).astype(np.float32),
            bone_heads=shape.bone_heads + lift,
            bone_tails=bone_tails(shape.bone_heads + lift, self._topology.bone_parents),
            rest_rotations=np.tile(np.eye(3), (55, 1, 1)),
            betas=np.zeros(10),
            phenotype_names=np.array(names),
            phenotype=np.array([phenotype.traits[name] for name in names]),
        )


def bone_tails(heads: Float[Array, "bones 3"], parents: Int[Array, " bones"]) -> Float[Array, "bones 3"]:
    """Where bones end: at the middle of their children's heads, or as far on as their parent's is back."""
    tails = np.zeros_like(heads)
    for bone in range(len(heads)):
        children = np.flatnonzero(parents == bone)
        if len(children):
            tails[bone] = heads[children].mean(0)
        else:
            tails[bone] = heads[bone] + 0.7 * (heads[bone] - heads[parents[bone]])
        if np.linalg.norm(tails[bone] - heads[bone]) < 1e-3:
            tails[bone] = heads[bone] + [0, 0, 0.02]
    return tails
