"""One plan, rendered once without trouble; all other runs are held against it."""

import shutil

import pytest

from tests.cuffs.farm.runs import COUNT, RECIPE, cuffs


@pytest.fixture(scope="session")
def planned(tmp_path_factory):
    """A plan of nine scenes in three chunks."""
    folder = tmp_path_factory.mktemp("farm")
    (folder / "tiny.yaml").write_text(RECIPE)
    run = cuffs("plan", folder / "tiny.yaml", "--count", COUNT, "--out", folder / "plan")
    assert run.returncode == 0, run.stderr
    return folder / "plan"


@pytest.fixture(scope="session")
def serial(planned):
    """The same plan, rendered by one worker without any trouble."""
    folder = planned.parent / "serial"
    shutil.copytree(planned, folder)
    run = cuffs("render", folder)
    assert run.returncode == 0, run.stderr
    for part in ("setup", "render", "readout", "fit", "write"):
        assert part in run.stdout
    return folder


@pytest.fixture
def fresh(planned, tmp_path):
    """The plan again, nothing rendered yet."""
    folder = tmp_path / "plan"
    shutil.copytree(planned, folder)
    return folder
