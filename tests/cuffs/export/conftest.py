"""A small dataset, exported once in every form."""

import pytest

from cuffs.export import FORMATS, export_dataset
from tests.cuffs.audit.scenes import make_clean, write_dataset


@pytest.fixture(scope="session")
def made(body):
    return make_clean(body, 5, seed=3)


@pytest.fixture(scope="session")
def exports(body, made, tmp_path_factory):
    """Folder of each form."""
    root = tmp_path_factory.mktemp("exports")
    dataset = write_dataset(root / "dataset", made, body, shard_size=3)
    folders = {"dataset": dataset}
    for form in FORMATS:
        folders[form] = root / form
        found = export_dataset(dataset, form, folders[form], body)
        assert found.images == 5
        assert found.people == sum(len(one.sample.people) for one in made)
        assert not found.left_out
    return folders
