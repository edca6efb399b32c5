"""What a recipe says of HumGen3D's humans: `humgen3d:`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cuffs.character.open_identity import Bell
from cuffs.config import require_fraction, require_span, require_weights
from cuffs.errors import ConfigError

HairKind = Literal["particles", "cards", "none"]
HAIR_KINDS: tuple[HairKind, ...] = ("particles", "cards", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class HumGenConfig:
    """Which humans, and what they wear. Categories are folders of the content; none named means all of them alike."""

    female_share: float = 0.5
    female_height_m: Bell = field(default_factory=lambda: Bell(mean=1.64, sd=0.07))
    male_height_m: Bell = field(default_factory=lambda: Bell(mean=1.77, sd=0.075))
    age_years: tuple[int, int] = (20, 75)
    preset_categories: Mapping[str, float] = field(default_factory=dict)
    """Weights of categories of starting humans."""

    body_spread: float = 0.2
    """Standard deviation of body proportions' live keys, on top of the preset's. Main ones are never negative."""

    face_spread: float = 0.25
    """The same for the face's."""

    skin_spread: float = 0.12
    """Standard deviation of tone, redness and saturation, as a share of the preset's."""

    texture_folder: str = "Default 4K"
    """Which resolution of skin textures is used; where the content has no such folder, all are."""

    outfit_categories: Mapping[str, float] = field(default_factory=dict)
    barefoot_share: float = 0.05
    recoloured_share: float = 0.5
    """Outfits and shoes whose own colours are replaced, where their material allows it."""

    patterned_share: float = 0.25
    """Outfits with one of the content's patterns, where their material takes one."""

    hair: Mapping[str, float] = field(default_factory=lambda: {"particles": 0.7, "cards": 0.25, "none": 0.05})
    """Weights of strands, cards and bald heads. Cards are lighter to render, strands look better."""

    beard_share: float = 0.35
    """Of men."""

    neutral_share: float = 0.25
    """Faces that do nothing."""

    expression_categories: Mapping[str, float] = field(default_factory=dict)
    expression_strength: tuple[float, float] = (0.3, 1.0)

    def __post_init__(self) -> None:
        for name in (
            "female_share", "barefoot_share", "recoloured_share", "patterned_share", "beard_share", "neutral_share",
        ):  # fmt: skip
            require_fraction(f"humgen3d.{name}", getattr(self, name))
        require_span("humgen3d.age_years", self.age_years, 18, 100)
        require_span("humgen3d.expression_strength", self.expression_strength, 0.0, 1.0)
        for name in ("female_height_m", "male_height_m"):
            height = getattr(self, name)
            require_span(f"humgen3d.{name}", (height.mean - 2 * height.sd, height.mean + 2 * height.sd), 1.45, 2.04)
        for name in ("body_spread", "face_spread", "skin_spread"):
            require_span(f"humgen3d.{name}", (0.0, getattr(self, name)), 0.0, 1.0)
        require_weights("humgen3d.hair", dict(self.hair))
        if unknown := sorted(set(self.hair) - set(HAIR_KINDS)):
            raise ConfigError(f"humgen3d.hair: no such kind {unknown[0]!r}; there are {', '.join(HAIR_KINDS)}.")
