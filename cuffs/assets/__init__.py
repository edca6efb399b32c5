"""Clothes, shoes and hats of MakeHuman's community that a user adds: read, checked, kept, and put on characters."""

from cuffs.assets.check import Refused, check_folder
from cuffs.assets.store import StoredAsset, keep, listed, load_stored

__all__ = ["Refused", "StoredAsset", "check_folder", "keep", "listed", "load_stored"]
