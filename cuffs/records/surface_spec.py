"""What things are made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field

Colour = tuple[float, float, float]
"""Linear RGB, 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialSpec:
    """A procedural surface: which shader, and its numbers and colours."""

    kind: str
    """skin, fabric, hair, plain, floor, … as `blender_scripts/materials.py` lists them."""

    colour: Colour
    second_colour: Colour | None = None
    """Stripes, checks and gradients use it."""

    pattern: str = "plain"
    roughness: float = 0.6
    scale_m: float = 0.1
    """Size of the pattern."""

    weave: str = "woven"
    """Of fabrics: how the cloth is made, which decides its relief and shine."""

    trim: str = "plain"
    """Of fabrics: ribbing, buttons, seams, a print, … as `blender_scripts/materials/trim.py` lists them."""

    seed: int = 0
    """Which of the many alike: places of freckles, of a print's shapes, of streaks."""

    amounts: Mapping[str, float] = field(default_factory=dict)
    """Of skin: how much there is of freckles, redness, … (`blender_scripts/materials/skin.py` lists them), 0 to 1."""
