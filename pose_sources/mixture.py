"""Poses from several sources: a body from one, each hand from another, as a recipe weighs them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final, Literal

import numpy as np

from cuffs.config import require_fraction
from cuffs.errors import ConfigError
from cuffs.records import PoseOrigin, PoseSample
from pose_sources.anatomy import Anatomy, build_anatomy
from pose_sources.configs import SourceConfig
from pose_sources.features import FEATURES, Expression, parse_expression, sample_features
from pose_sources.hand_swap import SwapConfig, both_hands_known, donor_for, hand_known, with_hand, with_wrist
from pose_sources.mirror import mirror_sample
from pose_sources.natural import Cause, Judge, NaturalConfig
from pose_sources.procedural.figure import SIDES, Side
from pose_sources.rest_skeleton import REST_JOINTS
from pose_sources.selection import SelectConfig
from pose_sources.source import PoseSource, RecordedPoseSource

HAND_TRIES: Final = 20
"""Draws until a donor has the hand that is needed."""

DEFAULT_TRIES: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedSource:
    """A source and how often it is drawn from."""

    source: SourceConfig
    weight: float = 1.0
    select: SelectConfig | None = None
    """Which of its poses, and how often each; null: all, as the source draws them."""

    missing: Literal["error", "skip"] = "error"
    """What happens where the source's files aren't there: stop, or go on without it and say so."""

    stand_in: bool = False
    """Only used where no other source of the list is there."""

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

    swap: SwapConfig = field(default_factory=SwapConfig)
    """How hands are put onto bodies."""

    mirror_bodies: float = 0.0
    """Chance that a body is mirrored, left for right."""

    natural: NaturalConfig | None = None
    """Which poses are refused, hands in place; null: none."""

    where: str | None = None
    """A condition over features of the whole pose, hands in place: what doesn't meet it is drawn again."""

    def __post_init__(self) -> None:
        if not self.bodies:
            raise ConfigError("bodies is empty; name at least one source.")
        require_fraction("mirror_bodies", self.mirror_bodies)
        if self.where is not None:
            parse_expression(self.where, FEATURES, where="where")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnPose:
    """A whole pose, and where its hands came from."""

    body: PoseSample
    """With the hands in place; its origin is that of everything but the hands."""

    left_hand_origin: PoseOrigin
    right_hand_origin: PoseOrigin
    before: PoseSample | None = None
    """A frame of the body's recording beside it, where it was looked up."""

    refused: tuple[str, ...] = ()
    """Causes for which others were drawn and refused before this one."""


@dataclass(frozen=True, slots=True, eq=False)
class Weighted:
    """Open sources and their shares, which sum to 1."""

    sources: tuple[PoseSource, ...]
    shares: tuple[float, ...]

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw from a source drawn by its share."""
        return self.pick(rng).draw(rng)

    def pick(self, rng: np.random.Generator) -> PoseSource:
        """Draw a source by its share."""
        return self.sources[int(rng.choice(len(self.sources), p=self.shares))]


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """What a recipe's poses are drawn from."""

    bodies: Weighted
    hands: Weighted | None = None
    swap: SwapConfig = field(default_factory=SwapConfig)
    mirror_bodies: float = 0.0
    judge: Judge | None = None
    where: Expression | None = None
    anatomy: Anatomy = field(default_factory=lambda: build_anatomy(REST_JOINTS))
    """Of the skeleton that wrists and features are measured on."""

    @property
    def licences(self) -> dict[str, str]:
        """Terms of every source, by its name."""
        sources = self.bodies.sources + (self.hands.sources if self.hands else ())
        terms: dict[str, set[str]] = {}
        for source in sources:
            terms.setdefault(source.name, set()).add(source.licence)
        return {name: "; ".join(sorted(found)) for name, found in terms.items()}

    def draw(self, rng: np.random.Generator) -> DrawnPose:
        """Draw poses until one is natural and meets the recipe's condition. The same state of `rng` gives the same.

        Raises:
            ConfigError: if all are refused.
            PoseFileError: if a drawn pose lies in a file that can't be used.
        """
        tries = DEFAULT_TRIES if self.judge is None else self.judge.config.tries
        refused: list[str] = []
        for _ in range(tries):
            drawn = self.attempt(rng)
            causes = self.causes(drawn)
            if not causes:
                return replace(drawn, refused=tuple(refused))
            refused.append(causes[0].name)
        counts = ", ".join(f"{name} {refused.count(name)}" for name in sorted(set(refused)))
        raise ConfigError(f"poses: all of {tries} drawn poses were refused ({counts}). Loosen `natural` or `where`.")

    def attempt(self, rng: np.random.Generator) -> DrawnPose:
        """Draw a body, then each hand by itself or both together; nothing is refused.

        Raises:
            PoseFileError: if a drawn pose lies in a file that can't be used.
        """
        source = self.bodies.pick(rng)
        body = source.draw(rng)
        before = self._before(source, body)
        if rng.uniform() < self.mirror_bodies:
            body, before = mirror_sample(body), None if before is None else mirror_sample(before)
        origins: dict[Side, PoseOrigin] = dict.fromkeys(SIDES, body.origin)
        pair = self._pair(rng)
        for side in SIDES:
            wanted = rng.uniform() < self.swap.share or not hand_known(body, side)
            if self.hands is not None and wanted:
                donor = pair or self._donor(self.hands, side, rng)
                body, origins[side] = self._with_hand(body, side, donor, rng), donor.origin
        return DrawnPose(body=body, left_hand_origin=origins["left"], right_hand_origin=origins["right"], before=before)

    def causes(self, drawn: DrawnPose) -> tuple[Cause, ...]:
        """Why a drawn pose is refused; empty where nothing speaks against it."""
        if self.where is not None:
            found = self.where.holds(sample_features(self.anatomy, [drawn.body]))
            if not found.all():
                return (Cause(name="where", detail=f"not {self.where.text}"),)
        return () if self.judge is None else self.judge.causes(drawn.body, drawn.before)

    def all_causes(self, drawn: Sequence[DrawnPose]) -> list[tuple[Cause, ...]]:
        """The same for many at once, everything that speaks against each; the faster way."""
        samples = [one.body for one in drawn]
        found: list[tuple[Cause, ...]] = [()] * len(drawn)
        if self.judge is not None:
            found = self.judge.all_causes(samples, [one.before for one in drawn])
        if self.where is not None:
            holds = self.where.holds(sample_features(self.anatomy, samples))
            unmet = (Cause(name="where", detail=f"not {self.where.text}"),)
            found = [causes if met else (*unmet, *causes) for met, causes in zip(holds, found, strict=True)]
        return found

    def _before(self, source: PoseSource, body: PoseSample) -> PoseSample | None:
        """The frame beside a body, where the recipe refuses frozen ones and the source has it."""
        if self.judge is None or not self.judge.config.frozen or not isinstance(source, RecordedPoseSource):
            return None
        return source.beside(body)

    def _pair(self, rng: np.random.Generator) -> PoseSample | None:
        """A donor of both hands, where they are to come from one frame; None: each hand is drawn by itself."""
        if self.hands is None or self.swap.together == 0 or rng.uniform() >= self.swap.together:
            return None
        for _ in range(HAND_TRIES):
            donor = self.hands.draw(rng)
            donor = mirror_sample(donor) if rng.uniform() < self.swap.mirror else donor
            if both_hands_known(donor):
                return donor
        return None

    def _donor(self, hands: Weighted, side: Side, rng: np.random.Generator) -> PoseSample:
        """A pose whose hand on this side was measured; after `HAND_TRIES` draws one where it wasn't."""
        donor = hands.draw(rng)
        for _ in range(HAND_TRIES):
            mirrored = rng.uniform() < self.swap.mirror
            found = donor_for(donor, side, mirrored=mirrored, may_mirror=self.swap.mirror > 0)
            if found is not None:
                return found
            donor = hands.draw(rng)
        return donor

    def _with_hand(self, body: PoseSample, side: Side, donor: PoseSample, rng: np.random.Generator) -> PoseSample:
        if self.swap.wrist != (0.0, 0.0):
            share = float(rng.uniform(*self.swap.wrist))
            body = with_wrist(body, side, donor, share=share, anatomy=self.anatomy)
        return with_hand(body, side, donor)
