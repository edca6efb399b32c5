"""What things are made of."""

from dataclasses import dataclass

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
