"""BEDLAM and BEDLAM2: labels of the rendered people, and the motions they were rendered from."""

from pose_sources.bedlam.config import Bedlam2Config, BedlamConfig
from pose_sources.bedlam.labels import LabelSource, open_labels

__all__ = ["Bedlam2Config", "BedlamConfig", "LabelSource", "open_labels"]
