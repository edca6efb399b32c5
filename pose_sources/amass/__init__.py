"""Motion files: AMASS's SMPL-X and SMPL-H archives, and BEDLAM's."""

from pose_sources.amass.config import AmassConfig
from pose_sources.amass.source import AmassSource, open_amass

__all__ = ["AmassConfig", "AmassSource", "open_amass"]
