"""Faces: expression, open mouth and gaze, from neutral to strong, asymmetric too."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuffs.config import require_fraction, require_span

MOODS: dict[str, dict[str, float]] = {
    "smile": {"mouthSmile": 0.9, "cheekSquint": 0.5, "eyeSquint": 0.3},
    "laugh": {"mouthSmile": 1.0, "cheekSquint": 0.7, "eyeSquint": 0.5, "jawOpen": 0.5},
    "sad": {"mouthFrown": 0.8, "browInnerUp": 0.8, "eyeBlink": 0.15},
    "angry": {"browDown": 0.9, "noseSneer": 0.5, "mouthPress": 0.6, "eyeSquint": 0.4},
    "surprised": {"browInnerUp": 0.8, "browOuterUp": 0.9, "eyeWide": 0.8, "jawOpen": 0.5},
    "disgusted": {"noseSneer": 0.9, "mouthUpperUp": 0.6, "browDown": 0.4},
    "kiss": {"mouthPucker": 0.9, "mouthFunnel": 0.4},
    "sceptical": {"browOuterUp": 0.7, "mouthPress": 0.4, "mouthDimple": 0.5},
    "talk": {"jawOpen": 0.35, "mouthFunnel": 0.4, "mouthLowerDown": 0.4, "mouthUpperUp": 0.2},
    "puff": {"cheekPuff": 0.9, "mouthPress": 0.5},
}
"""Facial actions of each mood at full strength; those that exist on both sides are named without the side."""

BOTH_SIDES = frozenset(
    {
        "mouthSmile", "cheekSquint", "eyeSquint", "mouthFrown", "eyeBlink", "browDown", "noseSneer", "mouthPress",
        "browOuterUp", "eyeWide", "mouthUpperUp", "mouthDimple", "mouthLowerDown",
    }
)  # fmt: skip

MAX_GAZE_RAD = (0.45, 0.3)
"""Eyes turn about 25 degrees sideways and 17 up or down before the head follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceConfig:
    """How strong faces are."""

    neutral: float = 0.3
    """Share of faces without an expression."""

    strength: tuple[float, float] = (0.2, 1.0)
    """Of the others."""

    asymmetry: float = 0.35
    """How much weaker one side of the face may be."""

    mouth_open: float = 0.25
    """Share of faces whose mouth is opened besides."""

    gaze: float = 0.7
    """Share of people who don't look straight ahead."""

    def __post_init__(self) -> None:
        for name in ("neutral", "asymmetry", "mouth_open", "gaze"):
            require_fraction(f"face.{name}", getattr(self, name))
        require_span("face.strength", self.strength, 0.0, 1.0)


def sample_face(
    config: FaceConfig, rng: np.random.Generator
) -> tuple[dict[str, float], tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]]:
    """Draw facial action weights, and the rotations of the left and right eye (axis-angle)."""
    weights: dict[str, float] = {}
    is_neutral = rng.uniform() < config.neutral
    for mood, share in zip(rng.choice(sorted(MOODS), 2, replace=False), (1.0, rng.uniform(0, 0.5)), strict=True):
        strength = rng.uniform(*config.strength) * share
        sides = 1 - config.asymmetry * np.array([rng.uniform(), 0.0])[rng.permutation(2)]
        for action, full in MOODS[str(mood)].items():
            _add(weights, action, full * strength, sides)
    if is_neutral:
        weights = {}
    opened = float(rng.beta(1.2, 2.5))
    if rng.uniform() < config.mouth_open:
        weights["jawOpen"] = max(weights.get("jawOpen", 0.0), opened)
    looks = rng.uniform() < config.gaze
    yaw, pitch = rng.normal(0, 0.4, 2).clip(-1, 1) * MAX_GAZE_RAD * looks
    vergence = rng.uniform(0, 0.04)  # both eyes meet about 1.5 m away at the most
    left, right = np.array([pitch, yaw - vergence, 0.0]), np.array([pitch, yaw + vergence, 0.0])
    return {name: round(weight, 4) for name, weight in sorted(weights.items())}, (left, right)


def _add(weights: dict[str, float], action: str, amount: float, sides: Float[np.ndarray, "2"]) -> None:
    """Add an action, on both sides where there are two, never beyond 1."""
    names = [f"{action}Left", f"{action}Right"] if action in BOTH_SIDES else [action]
    for name, share in zip(names, sides if len(names) == 2 else [1.0], strict=True):
        weights[name] = float(min(1.0, weights.get(name, 0.0) + amount * share))
