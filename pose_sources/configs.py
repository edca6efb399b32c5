"""Every kind of source that a recipe may name."""

from pose_sources.agora import AgoraConfig
from pose_sources.amass import AmassConfig
from pose_sources.bedlam import Bedlam2Config, BedlamConfig
from pose_sources.interhand import InterHandConfig
from pose_sources.procedural.config import ProceduralConfig
from pose_sources.ubody import UBodyConfig

SourceConfig = (
    ProceduralConfig | AmassConfig | BedlamConfig | Bedlam2Config | AgoraConfig | UBodyConfig | InterHandConfig
)
"""Told apart by `kind`."""
