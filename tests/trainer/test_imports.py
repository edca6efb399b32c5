"""Network and training run where Blender, `smplx` and `webdataset` are absent."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.runs import changed, write_recipe

ROOT = Path(__file__).parents[2]
ABSENT = ("bpy", "mathutils", "smplx", "webdataset", "anny")


def run_without(code, *arguments):
    """Run some Python where the modules are absent."""
    blocked = f"import sys; sys.modules.update(dict.fromkeys({ABSENT})); {code}"
    start = [sys.executable, "-c", blocked, *map(str, arguments)]
    return subprocess.run(start, capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("module", ["trainer.losses", "trainer.checkpoint_import_cli", "trainer.data.stream"])
def test_the_network_imports_where_they_are_absent(module):
    run = run_without(f"import {module}")
    assert run.returncode == 0, run.stderr


def test_the_check_can_fail():
    assert "ModuleNotFoundError: import of smplx halted" in run_without("import smplx").stderr


def test_local_shards_are_trained_on_where_they_are_absent(dataset, tmp_path):
    """The command, from shards to checkpoint; a stream says what it lacks."""
    recipe = write_recipe(tmp_path / "recipe.yaml", changed(optimiser={"steps": 2}))
    code = "from trainer.cli import main; main()"
    run = run_without(code, recipe, "--data", dataset, "--out", tmp_path / "run", "--device", "cpu")
    assert run.returncode == 0, run.stderr
    assert "done: step 2" in run.stdout
    address = f"file:{dataset}/shards/shard-{{000000..000001}}.tar"
    run = run_without(code, recipe, "--data", address, "--out", tmp_path / "streamed", "--device", "cpu")
    assert run.returncode == 3
    assert "webdataset" in run.stderr
    assert "Traceback" not in run.stderr
