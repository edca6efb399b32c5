"""What can't be in reality, as measured on one rendered person."""

from dataclasses import dataclass

from cuffs.records.checks import require_range


@dataclass(frozen=True, slots=True, kw_only=True)
class PhysicalRecord:
    """Skin through cloth, feet off the ground, limbs in each other, eyes out of their sockets."""

    skin_out: float
    """share of the skin's vertices beneath cloth that stand out of it by more than 2 mm"""

    skin_out_mm: float
    """how far the worst of them does; 0 where none does"""

    feet_mm: tuple[float, float]
    """height of the left and the right foot's lowest skin above the ground"""

    standing: bool
    """whether the pose's source says that both feet bear"""

    limb_mm: float
    """how deep an arm, a hand or a leg reaches into another limb"""

    eye_mm: float
    """how far an eye lies from where its socket takes it"""

    def __post_init__(self) -> None:
        require_range("physical.skin_out", self.skin_out, 0.0, 1.0)
