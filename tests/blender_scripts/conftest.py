"""One Blender for all tests of this folder: it can't be started twice in a process."""

import json

import pytest

pytest.importorskip("bpy")

from blender_scripts.assets import Assets
from blender_scripts.session import start_session
from blender_scripts.worker import follow
from cuffs.codec import decode, encode
from cuffs.npz import read_npz
from cuffs.records import Capture
from tests.blender_scripts.scenes import write_assets


class Captured:
    """A published capture folder, read."""

    def __init__(self, folder):
        self.folder = folder
        self.record = decode(Capture, json.loads((folder / "capture.json").read_text()), where=str(folder))
        self.data = read_npz(folder / "data.npz")
        self.people = [read_npz(folder / f"person_{number}.npz") for number in range(self.record.num_people)]
        self.bytes = {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "capture.json"}


@pytest.fixture(scope="session")
def session():
    return start_session("cpu", 2)


@pytest.fixture(scope="session")
def assets_folder(tmp_path_factory):
    return write_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="session")
def assets(assets_folder):
    return Assets(assets_folder)


@pytest.fixture
def ask(tmp_path, session, assets):
    """Follow an order in this process; the folder that it publishes."""
    made = []

    def follow_order(spec, *, blend=None):
        name = f"{len(made)}-{spec.key}"
        made.append(name)
        spec_path = tmp_path / f"{name}.json"
        spec_path.write_text(json.dumps(encode(spec)))
        follow(spec_path, tmp_path / name, session, assets, blend=blend)
        return tmp_path / name

    return follow_order


@pytest.fixture
def capture(ask):
    """Make a scene in this process; what was published, read."""
    return lambda spec: Captured(ask(spec))
