"""What can't be in reality, measured on posed characters: skin through cloth, feet in the air, limbs in each other.

Everything here is a function of a topology, an identity and a person of a scene, so that planner and audit measure the
same.
"""

from cuffs.physical.check import Findings, PhysicalLimits, check_person
from cuffs.physical.cloth import poke_through
from cuffs.physical.eyes import eye_gap_mm
from cuffs.physical.ground import foot_heights_mm
from cuffs.physical.limbs import limb_depth_mm

__all__ = [
    "Findings",
    "PhysicalLimits",
    "check_person",
    "eye_gap_mm",
    "foot_heights_mm",
    "limb_depth_mm",
    "poke_through",
]
