"""Whether a source's poses mean what its reader takes them for: conventions, measured."""

from pose_sources.checking.check import check_source
from pose_sources.checking.finding import Finding

__all__ = ["Finding", "check_source"]
