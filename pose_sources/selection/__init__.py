"""Distributions of one's own: which poses of a source are drawn, and how often each."""

from pose_sources.selection.config import SelectConfig
from pose_sources.selection.selected import SelectedSource, Step, select

__all__ = ["SelectConfig", "SelectedSource", "Step", "select"]
