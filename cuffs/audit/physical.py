"""What can't be in reality, over a whole dataset: skin through cloth, feet, limbs, eyes, burnt and black pictures.

The first four are measured on what was rendered, when a sample is annotated (`people[].physical`): afterwards nobody
has the clothes' vertices. Exposure is measured anew from picture and mask.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from jaxtyping import UInt8

from cuffs.audit.facts import SampleFacts
from cuffs.audit.thresholds import Thresholds
from cuffs.exposure import Exposure, exposure_of
from cuffs.physical.limits import PhysicalLimits, causes_of
from cuffs.records import PhysicalRecord, Sample

TITLES: Final = {
    "skin_through_cloth": "Skin through cloth",
    "feet_off_ground": "Feet above the ground, standing",
    "feet_in_ground": "Feet in the ground",
    "limb_in_body": "Limbs in each other",
    "eyes_out_of_place": "Eyes out of their sockets",
    "burnt_frame": "Burnt pictures",
    "black_frame": "Black pictures",
    "burnt_people": "Burnt people",
    "black_people": "Black people",
}
OF_PICTURES: Final = ("burnt_frame", "black_frame", "burnt_people", "black_people")


@dataclass(slots=True)
class PhysicalTally:
    """What was found so far."""

    measured_people: int = 0
    measured_pictures: int = 0
    skin_out: float = 0.0
    """Sum of people's shares."""

    skin_out_mm: float = 0.0
    feet_mm: float = 0.0
    """The farthest that a foot of somebody who stands is from the ground."""

    failing: int = 0
    """Samples with any cause."""

    causes: Counter[str] = field(default_factory=Counter)
    """Samples by cause."""

    def add(self, sample: SampleFacts, limits: Thresholds) -> tuple[tuple[str, str], ...]:
        """Count a sample; causes that speak against it, each with what was found."""
        found: dict[str, str] = {}
        for person in sample.people:
            if person.physical is not None:
                self._add_person(person.physical)
                found |= _said(person.physical, limits.physical)
        if sample.exposure is not None:
            self.measured_pictures += 1
            wrong = sample.exposure.causes(limits.exposure, low_light=sample.low_light)
            found |= {cause: _seen(sample.exposure) for cause in wrong}
        self.causes.update(list(found))
        self.failing += bool(found)
        return tuple(found.items())

    def _add_person(self, found: PhysicalRecord) -> None:
        self.measured_people += 1
        self.skin_out += found.skin_out
        self.skin_out_mm = max(self.skin_out_mm, found.skin_out_mm)
        if found.standing:
            self.feet_mm = max(self.feet_mm, *(abs(height_mm) for height_mm in found.feet_mm))

    def told(self) -> Iterator[str]:
        """Causes that this data could have spoken for."""
        for cause in TITLES:
            if self.measured_pictures if cause in OF_PICTURES else self.measured_people:
                yield cause


def exposure_facts(
    picture: UInt8[np.ndarray, "height width 3"], mask: UInt8[np.ndarray, "height width"] | None, sample: Sample
) -> Exposure | None:
    """How a rendered picture is exposed; None of photographs, whose light nobody here answers for."""
    if not any(person.character is not None for person in sample.people):
        return None
    return exposure_of(picture, None if mask is None else mask > 0)


def _said(found: PhysicalRecord, limits: PhysicalLimits) -> dict[str, str]:
    texts = {
        "skin_through_cloth": f"{found.skin_out:.2%} of covered skin is out, by up to {found.skin_out_mm:.0f} mm",
        "feet_off_ground": f"a foot is {max(found.feet_mm):.0f} mm above the ground",
        "feet_in_ground": f"a foot is {-min(found.feet_mm):.0f} mm in the ground",
        "limb_in_body": f"a limb is {found.limb_mm:.0f} mm deep in another",
        "eyes_out_of_place": f"an eye is {found.eye_mm:.0f} mm off its socket",
    }
    return {cause: texts[cause] for cause in causes_of(found, limits)}


def _seen(exposure: Exposure) -> str:
    people = "nobody" if exposure.people_median is None else f"people {exposure.people_median:.0f}"
    return (
        f"mean {exposure.mean:.0f} of 255, {people}; "
        f"white {exposure.white_share:.0%}, black {exposure.black_share:.0%}; "
        f"of people {exposure.white_people_share:.0%} and {exposure.black_people_share:.0%}"
    )
