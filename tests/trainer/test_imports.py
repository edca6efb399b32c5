"""The network loads where Blender, `smplx` and `webdataset` are absent."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ABSENT = ("bpy", "mathutils", "smplx", "webdataset", "anny")

BLOCKED = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {absent}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import {module}
"""


def imported(module):
    code = BLOCKED.format(absent=ABSENT, module=module)
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)


@pytest.mark.parametrize("module", ["trainer.losses", "trainer.checkpoint_import_cli", "trainer.backbone.weights"])
def test_the_network_imports_where_they_are_absent(module):
    run = imported(module)
    assert run.returncode == 0, run.stderr


def test_the_check_can_fail():
    assert "ModuleNotFoundError: smplx" in imported("smplx").stderr
