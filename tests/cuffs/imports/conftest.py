"""A licensed SMPL-X as far as tests can have one: the open body under its name, with the fixtures' mean hand."""

import numpy as np
import pytest

from cuffs.body import load_body_model
from tests.pose_sources.people_fixtures import MEAN


@pytest.fixture(scope="session")
def licensed(body, tmp_path_factory):
    """A folder as CUFFS_ASSETS names it."""
    folder = tmp_path_factory.mktemp("licensed")
    with np.load(body.path) as arrays:
        kept = {key: arrays[key] for key in arrays.files if key != "is_open_body"}
    kept |= {"hands_meanl": MEAN[0].ravel(), "hands_meanr": MEAN[1].ravel()}
    np.savez(folder / "SMPLX_NEUTRAL.npz", **kept)
    return folder


@pytest.fixture(scope="session")
def smplx_model(licensed):
    return load_body_model(licensed / "SMPLX_NEUTRAL.npz")


@pytest.fixture
def as_licensed(licensed, monkeypatch):
    """Commands find the licensed model."""
    monkeypatch.setenv("CUFFS_ASSETS", str(licensed))
