"""The doubles as fixtures, made once a session whichever test asks first."""

import shutil
from pathlib import Path

import pytest

from cuffs.humgen3d.content import read_content
from tests.humgen_double.blender import Blender
from tests.humgen_double.content import make_content

FEW = ("jawOpen", "mouthSmileLeft", "smile", "shout", "browDownLeft", "mouthPucker")
"""Expressions that are left in the content: each is tried on a human of its own."""

SEED = {"same": 1, "other": 2}


def double(tmp_path_factory, cache, name):
    """A content root and its figure; `name` is same or other."""
    root = tmp_path_factory.getbasetemp() / f"humgen-{name}"
    figure = _figures.get(root)
    if figure is None:
        figure = make_content(root, cache=cache, is_other=name == "other", seed=SEED[name])
        for path in (root / "shapekeys/expressions").rglob("*.npz"):
            if path.stem not in FEW:
                path.unlink()
        _figures[root] = figure
    return read_content(root), figure


_figures: dict[Path, object] = {}


@pytest.fixture(scope="session")
def same(tmp_path_factory, cache):
    """hm08's own triangles and proportions: content and figure."""
    return double(tmp_path_factory, cache, "same")


@pytest.fixture(scope="session")
def other(tmp_path_factory, cache):
    """Other triangles, stature and limbs."""
    return double(tmp_path_factory, cache, "other")


@pytest.fixture(scope="module")
def blender(same, tmp_path_factory):
    """Blender with the add-on and the first double."""
    found = Blender(same[0].root, tmp_path_factory.mktemp("blender") / "one")
    yield found
    found.close()


@pytest.fixture
def spoiled(same, tmp_path):
    """A copy of the content that may be broken."""
    root = tmp_path / "content"
    shutil.copytree(same[0].root, root)
    return root
