"""What can't be in reality, measured on posed characters: skin through cloth, feet in the air, limbs in each other.

Everything here is a function of a topology, an identity and a person of a scene, so that planner and audit measure the
same.
"""

from cuffs.physical.check import Findings, check_person, measure_person
from cuffs.physical.cloth import Cloth, poke_through
from cuffs.physical.eyes import eye_gap_mm
from cuffs.physical.ground import foot_heights_mm
from cuffs.physical.limbs import limb_depth_mm
from cuffs.physical.limits import PhysicalLimits, causes_of

__all__ = [
    "Cloth",
    "Findings",
    "PhysicalLimits",
    "causes_of",
    "check_person",
    "eye_gap_mm",
    "foot_heights_mm",
    "limb_depth_mm",
    "measure_person",
    "poke_through",
]
