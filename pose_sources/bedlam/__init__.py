"""BEDLAM and BEDLAM2: labels of the rendered people, and the motions they were rendered from."""

from pose_sources.bedlam.config import Bedlam2Config, BedlamConfig
from pose_sources.bedlam.labels import LabelSource
from pose_sources.bedlam.opening import open_bedlam, open_bedlam2

__all__ = ["Bedlam2Config", "BedlamConfig", "LabelSource", "open_bedlam", "open_bedlam2"]
