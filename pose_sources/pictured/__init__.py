"""Labelled pictures of data sets, for `cuffs import`."""

from pose_sources.pictured.given import Pictured, given_pictures
from pose_sources.pictured.humans_file import HumansConfig, HumansFile, open_humans
from pose_sources.pictured.pictures import pictures_of

__all__ = ["HumansConfig", "HumansFile", "Pictured", "given_pictures", "open_humans", "pictures_of"]
