"""UBody: SMPL-X fits to the people of web videos, upper bodies mostly."""

from pose_sources.ubody.config import UBodyConfig
from pose_sources.ubody.source import UBodySource, open_ubody

__all__ = ["UBodyConfig", "UBodySource", "open_ubody"]
