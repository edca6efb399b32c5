"""What several tests share: built once into the usual cache, as a user's first command does."""

import pytest

from cuffs.body import find_body_model
from cuffs.places import cache_folder


@pytest.fixture(scope="session")
def cache():
    """The cache folder; building what is missing takes minutes once, as on a user's machine."""
    return cache_folder()


@pytest.fixture(scope="session")
def body(cache, monkeypatch_session):
    """The open body, whatever licensed file this machine has."""
    monkeypatch_session.delenv("CUFFS_ASSETS", raising=False)
    return find_body_model(cache)


@pytest.fixture(scope="session")
def monkeypatch_session():
    """pytest's monkeypatch for the whole session."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch
