"""AGORA: SMPL-X fits to scans of clothed people, and the pictures that they were rendered into."""

from pose_sources.agora.config import AgoraConfig
from pose_sources.agora.source import AgoraSource, open_agora

__all__ = ["AgoraConfig", "AgoraSource", "open_agora"]
