"""Poses from several sources: a body from one, each hand from another, as a recipe weighs them."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from cuffs.config import require_fraction
from cuffs.errors import ConfigError
from cuffs.records import PoseOrigin, PoseSample
from cuffs.skeleton import HANDS
from pose_sources.amass import AmassConfig
from pose_sources.mirror import mirror_sample
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.procedural.figure import SIDES, Side
from pose_sources.source import PoseSource

SourceConfig = ProceduralConfig | AmassConfig

HAND_TRIES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedSource:
    """A source and how often it is drawn from."""

    source: SourceConfig
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight < 1e9:
            raise ConfigError(f"weight is {self.weight}, but must be above 0.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MixtureConfig:
    """Bodies from some sources and hands from the same or others."""

    KIND: ClassVar[str] = "mixture"

    bodies: tuple[WeightedSource, ...]
    """Where whole poses come from."""

    hands: tuple[WeightedSource, ...] = ()
    """Where hands come from; none: the body's own."""

    hands_share: float = 1.0
    """Chance that a hand that the body's source knows is replaced nevertheless. Unknown ones always are."""

    mirror_bodies: float = 0.0
    """Chance that a body is mirrored, left for right."""

    mirror_hands: float = 0.5
    """Chance that a left hand is made from the source's right one, and the other way round."""

    def __post_init__(self) -> None:
        if not self.bodies:
            raise ConfigError("bodies is empty; name at least one source.")
        for name in ("hands_share", "mirror_bodies", "mirror_hands"):
            require_fraction(name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnPose:
    """A whole pose, and where its hands came from."""

    body: PoseSample
    """With the hands in place; its origin is that of everything but the hands."""

    left_hand_origin: PoseOrigin
    right_hand_origin: PoseOrigin


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Open sources and their shares, which sum to 1."""

    sources: tuple[PoseSource, ...]
    shares: tuple[float, ...]

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw from a source drawn by its share."""
        return self.sources[int(rng.choice(len(self.sources), p=self.shares))].draw(rng)


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """What a recipe's poses are drawn from."""

    bodies: Weighted
    hands: Weighted | None = None
    hands_share: float = 1.0
    mirror_bodies: float = 0.0
    mirror_hands: float = 0.5

    @property
    def licences(self) -> dict[str, str]:
        """Terms of every source, by its name."""
        sources = self.bodies.sources + (self.hands.sources if self.hands else ())
        terms: dict[str, set[str]] = {}
        for source in sources:
            terms.setdefault(source.name, set()).add(source.licence)
        return {name: "; ".join(sorted(found)) for name, found in terms.items()}

    def draw(self, rng: np.random.Generator) -> DrawnPose:
        """Draw a body, then each hand by itself. The same state of `rng` gives the same pose.

        Raises:
            PoseFileError: if a drawn pose lies in a file that can't be used.
        """
        body = self.bodies.draw(rng)
        if rng.uniform() < self.mirror_bodies:
            body = mirror_sample(body)
        origins: dict[Side, PoseOrigin] = dict.fromkeys(SIDES, body.origin)
        for side in SIDES:
            wanted = rng.uniform() < self.hands_share or not hand_known(body, side)
            if self.hands is not None and wanted:
                donor = self._draw_hand(self.hands, side, rng)
                body, origins[side] = with_hand(body, side, donor), donor.origin
        return DrawnPose(body=body, left_hand_origin=origins["left"], right_hand_origin=origins["right"])

    def _draw_hand(self, hands: Weighted, side: Side, rng: np.random.Generator) -> PoseSample:
        """A pose whose hand on this side was measured; after `HAND_TRIES` draws one where it wasn't."""
        donor = hands.draw(rng)
        for _ in range(HAND_TRIES):
            donor = mirror_sample(donor) if rng.uniform() < self.mirror_hands else donor
            if hand_known(donor, side):
                break
            if hand_known(mirror_sample(donor), side) and self.mirror_hands > 0:
                return mirror_sample(donor)
            donor = hands.draw(rng)
        return donor


def hand_known(sample: PoseSample, side: Side) -> bool:
    """Whether the source measured this hand."""
    return sample.valid.left_hand if side == "left" else sample.valid.right_hand


def with_hand(body: PoseSample, side: Side, donor: PoseSample) -> PoseSample:
    """The body with its fingers on one side taken from the same side of another pose. Its wrist stays."""
    pose = body.pose.copy()
    pose[HANDS[side]] = donor.pose[HANDS[side]]
    known = hand_known(donor, side)
    valid = replace(body.valid, left_hand=known) if side == "left" else replace(body.valid, right_hand=known)
    return replace(body, pose=pose, valid=valid)
