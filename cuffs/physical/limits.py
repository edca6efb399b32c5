"""From where on what was measured on a person can't be in reality."""

from dataclasses import dataclass

from cuffs.records import PhysicalRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalLimits:
    """Larger is worse for all of them."""

    skin_out: float = 0.001
    """Share of the skin beneath cloth that stands out of it by more than 2 mm."""

    feet_mm: float = 10.0
    """Feet that bear, above or below the ground."""

    limb_mm: float = 35.0
    """How deep a limb may press into another: flesh gives way."""

    eye_mm: float = 6.0
    """How far eyes may move in their sockets; lids move too."""


def causes_of(found: PhysicalRecord, limits: PhysicalLimits) -> tuple[str, ...]:
    """Names of what is beyond its limit, for counting."""
    is_beyond = {
        "skin_through_cloth": found.skin_out > limits.skin_out,
        "feet_off_ground": found.standing and max(found.feet_mm) > limits.feet_mm,
        "feet_in_ground": min(found.feet_mm) < -limits.feet_mm,
        "limb_in_body": found.limb_mm > limits.limb_mm,
        "eyes_out_of_place": found.eye_mm > limits.eye_mm,
    }
    return tuple(name for name, is_so in is_beyond.items() if is_so)
