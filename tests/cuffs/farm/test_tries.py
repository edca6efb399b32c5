"""Tries that a process could not note itself: it crashed, or hung, within a library."""

import subprocess
import sys

import pytest

from cuffs.farm.tries import Tries
from cuffs.plan import read_chunk, read_plan
from tests.cuffs.farm.runs import ROOT

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

AT_A_SCENE = """
import ctypes, sys, threading, time
from pathlib import Path
from cuffs.farm.tries import Tries
from cuffs.plan import read_chunk, read_plan
plan = Path(sys.argv[1])
spec = read_chunk(plan, read_plan(plan), 0).slots[1].specs[0]
with Tries(Path(sys.argv[2])).watching() as trace, trace.at(spec, float(sys.argv[3])):
    {what}
"""


@pytest.mark.parametrize(
    ("what", "code", "cause"),
    [
        ("lock = threading.Lock(); lock.acquire(); lock.acquire()", 1, "annotation_hung"),
        ("ctypes.string_at(0)", -11, "annotation_crashed"),
        ("time.sleep(0.1)", 0, None),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9, None),
    ],
)
def test_a_process_that_hangs_or_crashes_leaves_a_try_of_its_scene_and_a_killed_one_none(
    planned, tmp_path, what, code, cause
):
    limit_s = "2" if cause == "annotation_hung" else "600"
    program = [sys.executable, "-c", AT_A_SCENE.format(what=what), str(planned), str(tmp_path), limit_s]
    run = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert run.returncode == code, run.stderr
    tries = Tries(tmp_path)
    with tries.watching():
        pass
    slot = read_chunk(planned, read_plan(planned), 0).slots[1]
    found = tries.of(slot.specs[0].key)
    assert [failure.cause for failure in found] == ([cause] if cause else [])
    if found:
        assert found[0].slot == slot.slot
        assert "most recent call first" in found[0].detail
