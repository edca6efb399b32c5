"""Whether a pose is one that a person could take: contacts, joint limits, feet, floor, frozen recordings."""

from pose_sources.natural.config import NaturalConfig
from pose_sources.natural.judge import Cause, Judge, build_judge

__all__ = ["Cause", "Judge", "NaturalConfig", "build_judge"]
