"""The body model that the trainer's tests share."""

import pytest
import torch

from cuffs.body import find_body_model
from cuffs.places import cache_folder
from tests.trainer.shards import write_dataset
from trainer.body_model import SmplxLayer


@pytest.fixture(scope="session")
def open_body():
    """The open body, whatever licensed file this machine has."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CUFFS_ASSETS", raising=False)
        return find_body_model(cache_folder())


@pytest.fixture(scope="session")
def body_layer(open_body):
    return SmplxLayer(open_body)


@pytest.fixture(autouse=True)
def one_thread():
    """Matrices here are small: threads only get in each other's way."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory, open_body):
    """Six pictures in two shards: four to train on (one without people), two to validate on."""
    folder = tmp_path_factory.mktemp("data") / "small"
    splits = ("train", "val", "train", "train", "val", "train")
    write_dataset(folder, open_body, counts=(1, 1, 2, 0, 1, 1), splits=splits, shards=2)
    return folder
