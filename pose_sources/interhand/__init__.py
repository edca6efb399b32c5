"""Hands of InterHand2.6M: MANO fits in the annotations of NeuralAnnot."""

from pose_sources.interhand.config import InterHandConfig
from pose_sources.interhand.source import InterHandSource, open_interhand

__all__ = ["InterHandConfig", "InterHandSource", "open_interhand"]
