"""Blender runs apart here: enabling an add-on changes it for good."""

import pytest

from cuffs.places import cache_folder
from tests.humgen_double.fixtures import blender, other, same

__all__ = ["blender", "other", "same"]


@pytest.fixture(scope="session")
def cache():
    """The usual cache."""
    return cache_folder()
