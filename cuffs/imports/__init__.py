"""Other data sets' pictures and labels as our shards, so that training can mix them."""

from cuffs.imports.records import GivenPerson, GivenPicture, ReadPicture
from cuffs.imports.run import Imported, ImportRequest, import_pictures

__all__ = ["GivenPerson", "GivenPicture", "ImportRequest", "Imported", "ReadPicture", "import_pictures"]
