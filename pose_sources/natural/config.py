"""What a recipe says about which poses are refused."""

from dataclasses import dataclass

from cuffs.errors import ConfigError
from pose_sources.contact import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class NaturalConfig:
    """Limits on single poses, measured on the posed mesh of the body model. A limit that is null is not checked.

    Where a pose is refused the next one is drawn, and the cause is counted.
    """

    finger_finger_mm: float | None = 5.0
    """How deep a digit may reach into another one of its hand."""

    finger_palm_mm: float | None = 16.0
    """Or into its palm: a fist presses it in."""

    hand_hand_mm: float | None = 8.0
    """Or a hand into the other."""

    hand_body_mm: float | None = 15.0
    """Or a hand into the body: flesh gives way a little."""

    body_body_mm: float | None = 35.0
    """Or limbs into trunk, head and each other."""

    body_limits_deg: float | None = 30.0
    """How far body joints may leave the range of human joints: recordings are not exact, skeletons differ."""

    hand_limits_deg: float | None = 25.0
    """The same for fingers; thumbs, whose rest poses differ most between body models, have 15 degrees more."""

    flipped_feet: bool = True
    """Refuse poses with a foot that points backwards, or soles that look up at the own shin."""

    frozen: bool = False
    """Refuse frames of recordings in which nothing moved since the frame before, as at padded ends. Reads that frame
    too."""

    below_ground_mm: float | None = 150.0
    """Where the floor is known: how deep the lowest vertex may lie below it. Coarse, where the person's shape isn't
    known in this body model."""

    above_ground_mm: float | None = 400.0
    """And how high it may be in the air."""

    tries: int = 50
    """Draws until the recipe is given up as impossible."""

    def __post_init__(self) -> None:
        limits = (*(f"{kind}_mm" for kind in KINDS), "body_limits_deg", "hand_limits_deg", "below_ground_mm")
        for name in (*limits, "above_ground_mm"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < 1e6:
                raise ConfigError(f"{name} is {value}, but must be 0 or more, or null.")
        if not 1 <= self.tries <= 10_000:
            raise ConfigError(f"tries is {self.tries}, but lies between 1 and 10000.")

    @property
    def needs_mesh(self) -> bool:
        """Whether anything is measured on a posed mesh."""
        limits = [getattr(self, f"{kind}_mm") for kind in KINDS]
        return any(limit is not None for limit in (*limits, self.below_ground_mm, self.above_ground_mm))
