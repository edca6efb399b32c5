"""What a dataset is held against. All of it can be changed in a YAML file: `cuffs audit DIR --limits FILE`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cuffs.config import build, load_yaml, require_fraction
from cuffs.exposure import ExposureLimits
from cuffs.physical.limits import PhysicalLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Larger is worse for all of them."""

    mean_mm: Mapping[str, float] = field(default_factory=lambda: {"all": 6.0, "fingers": 2.0, "face": 3.5})
    """Mean residual by part, over all people."""

    p95_mm: Mapping[str, float] = field(default_factory=lambda: {"all": 20.0})
    """Residual that 95 of 100 vertices keep to, by part."""

    unconverged: float = 0.0
    """Share of people whose fit did not converge."""

    stored_px: float = 0.02
    """Largest difference between what an annotation states in pixels and what its own parameters and K give."""

    stored_mm: float = 0.05
    """Likewise of joints in millimetres."""

    fov_deg: float = 0.001
    """Largest difference between the stated fields of view and those of K."""

    outside: float = 0.1
    """Share of a person's outline that may stick out of their mask by more than 1.5 pixels."""

    outside_samples: float = 0.003
    """Share of samples that may have such a person: furniture in front of somebody can't always be told."""

    focal_percent: float = 0.5
    """Mean error of the focal length that outlines of bare skin show; see `focal_px` for small pictures."""

    focal_px: float = 0.6
    """A focal error is told only where it moves outlines by so much on average, pixels of a 448 px picture."""

    shift_px: float = 3.0
    """A label that lies better when moved so far is shifted, pixels of a 448 px picture."""

    shifted_samples: float = 0.003
    """Share of samples that may look so."""

    duplicates: float = 0.0
    """Share of samples that repeat another one's picture or labels."""

    unreadable: float = 0.0
    """Share of samples whose files can't be read or contradict each other: mask, picture, annotation."""

    stale: float = 0.0
    """Share of samples that carry an earlier sample's pose while their picture shows another."""

    physical: PhysicalLimits = field(default_factory=PhysicalLimits)
    """From where on a person can't be in reality."""

    exposure: ExposureLimits = field(default_factory=ExposureLimits)
    """From where on a picture is burnt or black."""

    skin_out: float = 0.001
    """Mean share of the skin beneath cloth that stands out of it by more than 2 mm."""

    impossible_samples: float = 0.02
    """Share of samples with anything that can't be in reality, and with each such thing."""

    def __post_init__(self) -> None:
        names = (
            "unconverged",
            "outside",
            "outside_samples",
            "shifted_samples",
            "duplicates",
            "unreadable",
            "stale",
            "skin_out",
            "impossible_samples",
        )
        for name in names:
            require_fraction(name, getattr(self, name))


def load_thresholds(path: Path) -> Thresholds:
    """Read limits from YAML; keys that are not there keep their defaults.

    Raises:
        ConfigError: naming the file and the key.
    """
    return build(Thresholds, load_yaml(path), where=str(path))
