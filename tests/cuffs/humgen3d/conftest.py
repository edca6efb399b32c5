"""Both doubles, registered anew in a cache of the session's own."""

from dataclasses import dataclass

import numpy as np
import pytest

from cuffs.humgen3d.addon import find_addon
from cuffs.humgen3d.content import SEXES
from cuffs.humgen3d.maker import HumanMaker, MadeHuman
from cuffs.humgen3d.tables import Made, make_table
from tests.humgen_double.blender import addon_path
from tests.humgen_double.fixtures import other, same, spoiled

__all__ = ["other", "same", "spoiled"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Registered:
    """One sex of one double, registered."""

    made: Made
    human: MadeHuman
    carried: np.ndarray


@pytest.fixture(scope="session")
def own_cache(cache, tmp_path_factory):
    """The usual cache's built things, and an empty place for tables."""
    folder = tmp_path_factory.mktemp("cache")
    for path in cache.iterdir():
        if path.name not in ("correspond", "humgen3d"):
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture(scope="session")
def registered(body, same, other, own_cache):
    """Both sexes of both doubles."""
    found = {}
    for name, double in (("same", same), ("other", other)):
        maker = HumanMaker(double[0].root, find_addon(addon_path()))
        for sex in SEXES:
            made, human, carried = make_table(own_cache, body, double[0], maker, sex=sex)
            found[name, sex] = Registered(made=made, human=human, carried=carried)
        maker.close()
    return found
