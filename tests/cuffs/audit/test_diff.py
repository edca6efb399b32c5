"""Two datasets or recipes side by side: nothing against itself, and the name of what was changed."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from cuffs.diff import compare, compare_plain
from cuffs.errors import ConfigError
from tests.cuffs.audit.faults import FAULTS
from tests.cuffs.audit.scenes import write_dataset

DEMO = Path(__file__).parents[3] / "render_configs/demo.yaml"


def test_a_dataset_differs_nowhere_from_itself_and_by_name_from_a_changed_one(body, clean, tmp_path):
    folder = write_dataset(tmp_path / "a", clean[:3], body)
    (folder / "recipe.yaml").write_text(DEMO.read_text())
    itself = compare(folder, folder)
    assert itself.differences == ()
    assert itself.compared > 50
    changed = FAULTS["fx 1 % off"][0](body, clean[:3], np.random.default_rng(0))
    other = write_dataset(tmp_path / "b", changed, body)
    recipe = yaml.safe_load(DEMO.read_text())
    recipe["num_identities"] += 5
    (other / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    found = {one.name: one for one in compare(folder, other).differences}
    assert found["recipe.num_identities"].change == 5
    assert any(name.startswith("histograms.") or name.startswith("agreement") for name in found)


def test_recipes_differ_by_the_key_that_was_changed_alone(tmp_path):
    assert compare(DEMO, DEMO).differences == ()
    recipe = yaml.safe_load(DEMO.read_text())
    recipe["spares"] = 7
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(recipe))
    (one,) = compare(DEMO, tmp_path / "other.yaml").differences
    assert (one.name, one.second) == ("recipe.spares", 7)


def test_a_key_that_only_one_has_and_a_folder_against_a_file(tmp_path):
    (one,) = compare_plain({"a": 1, "b": {"c": 2}}, {"a": 1}).differences
    assert (one.name, one.first, one.second) == ("b.c", 2, "(absent)")
    with pytest.raises(ConfigError, match="a folder and a file"):
        compare(tmp_path, DEMO)
