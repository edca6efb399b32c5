"""A few good samples."""

import pytest

from tests.cuffs.audit.scenes import make_clean, write_dataset


@pytest.fixture(scope="module")
def dataset(body, tmp_path_factory):
    """Three samples, one with two people."""
    root = tmp_path_factory.mktemp("view")
    return write_dataset(root / "set", make_clean(body, 3, seed=4), body)
