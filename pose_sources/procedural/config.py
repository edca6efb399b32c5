"""What a recipe says about procedural poses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import ClassVar, Final

from cuffs.config import require_fraction, require_weights
from cuffs.errors import ConfigError
from pose_sources.procedural.bodies import BODY_KINDS
from pose_sources.procedural.hand_kinds import HAND_KINDS

BODIES: Final[Mapping[str, float]] = {
    "standing": 2, "walking": 1.2, "sitting": 1.4, "floor": 0.4, "crouching": 0.8, "reaching": 1.5, "gesturing": 4,
}  # fmt: skip
HANDS: Final[Mapping[str, float]] = {
    "flat": 0.7, "spread": 1, "relaxed": 2, "resting": 0.3, "fist": 1, "point": 1, "pinch": 1, "count": 1.5,
    "spell": 1.8, "thumbs_up": 0.5, "claw": 0.5, "ball": 0.7, "bar": 0.7, "anything": 0.8,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ProceduralConfig:
    """Poses made from rules, inside human joint limits: whole bodies, and the whole range of the fingers."""

    KIND: ClassVar[str] = "procedural"

    bodies: Mapping[str, float] = field(default_factory=lambda: dict(BODIES))
    """Weights of standing, walking, sitting (on a seat), floor (sitting on it), crouching, reaching, gesturing; those
    that aren't named aren't drawn."""

    hands: Mapping[str, float] = field(default_factory=lambda: dict(HANDS))
    """Weights of flat, spread, relaxed, resting, fist, point, pinch, count (1 to 5), spell (as in fingerspelling),
    thumbs_up, claw, ball, bar (grips), anything; those that aren't named aren't drawn."""

    own_hands: float = 0.75
    """Chance that a hand follows what its arm does (an arm that points has a pointing hand) rather than `hands`. A hand
    that rests on the body always does."""

    trunk: float = 1.0
    """Scales how far trunk and head are bent and turned; 0 is upright, 1 is lively."""

    fingers: float = 1.0
    """Scales how much every finger joint is shaken about its kind; 1 is 2 to 3 degrees."""

    def __post_init__(self) -> None:
        for name, known in (("bodies", BODY_KINDS), ("hands", HAND_KINDS)):
            weights = dict(getattr(self, name))
            for kind in weights:
                if kind not in known:
                    near = get_close_matches(kind, known, n=1)
                    hint = f" Did you mean {near[0]!r}?" if near else f" Known kinds: {', '.join(known)}."
                    raise ConfigError(f"{name}: no such kind {kind!r}.{hint}")
            require_weights(name, weights)
        require_fraction("own_hands", self.own_hands)
        for name in ("trunk", "fingers"):
            if not 0 <= getattr(self, name) <= 2:
                raise ConfigError(f"{name} is {getattr(self, name)}, but lies between 0 and 2.")
