"""Kills, full and dying disks, damaged files, processes that stand still: run again, nothing is lost or doubled."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import psutil
import pytest

from cuffs.farm.telemetry import read_all_failures
from cuffs.plan import read_plan
from cuffs.shards.deep import verify_deeply
from tests.cuffs.farm.runs import (
    LONG_S,
    at_work,
    blenders,
    cuffs,
    end,
    finished_slots,
    require_same,
    start,
    until,
)

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

KILLS = 30
SEED = 7
EVERY_SIXTH = 6
"""Of the kills is the parent's, which takes longest to start again."""

KINDS = {"worker": 3, "Blender": 5}
"""How often each is hit otherwise."""

BLENDER_KILLS_A_SCENE = 2
"""A scene whose Blender is killed three times in one run is set aside, as one that exhausts the machine's memory."""


def say(text):
    sys.stdout.write(text + "\n")


def finish(folder, serial):
    """Run to the end; the result is whole and the serial run's."""
    run = cuffs("render", folder, "--threads", 1)
    assert run.returncode == 0, run.stdout + run.stderr
    require_same(folder, serial)
    assert list(verify_deeply(folder, read_plan(folder))) == []
    assert not list((folder / "work").glob("*")), "something is left of finished work"
    assert not list((folder / "shards").glob(".*")), "something is left of a shard"


class Killer:
    """Kills one process of a run at a time, at moments drawn by chance, and starts the run again where it ended."""

    def __init__(self, folder):
        self._folder, self._rng = folder, random.Random(SEED)
        self._scenes = Counter()
        self.kinds = Counter()
        self._run = None

    def strike(self):
        """One kill."""
        if self._run is None or self._run.poll() is not None:
            self._lose_a_shard_if_finished()
            self._run = start("render", self._folder, "--workers", 2, "--threads", 1)
        until(lambda: blenders(self._run.pid) or self._run.poll() is not None, "a Blender", every_s=0.02)
        time.sleep(self._rng.uniform(0, 2))
        kind, pid, where = self._victim(self._kind())
        if pid is None:
            return
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self.kinds[kind] += 1
        say(f"kill {self.kinds.total():2d}: {kind} {pid}{where}, {finished_slots(self._folder)} of 9 slots finished")
        if kind == "parent":
            self._run.wait()

    def end(self):
        if self._run is not None:
            end(self._run)

    def _kind(self):
        if self.kinds.total() % EVERY_SIXTH == EVERY_SIXTH - 1:
            return "parent"
        return self._rng.choices(list(KINDS), list(KINDS.values()))[0]

    def _victim(self, kind):
        if self._run.poll() is not None:
            return kind, None, ""
        if kind == "parent":
            return kind, self._run.pid, ""
        found = blenders(self._run.pid)
        if not found:
            return kind, None, ""
        chosen = self._rng.choice(found)
        try:
            owner = chosen.ppid()
        except psutil.NoSuchProcess:
            return kind, None, ""
        scenes = {worker.pid: worker.scenes[0] for worker in at_work(self._folder)}
        scene = scenes.get(owner)
        where = f" at {scene}" if scene else " between scenes"
        if kind == "Blender":
            if self._scenes[scene] >= BLENDER_KILLS_A_SCENE:
                return "worker", owner, where
            self._scenes[scene] += 1
            return kind, chosen.pid, where
        return kind, owner, where

    def _lose_a_shard_if_finished(self):
        """Work must not run out before the kills do."""
        finished = sorted((self._folder / "shards").glob("shard-*.json")) if self._run else []
        if len(finished) == 3:
            lost = self._rng.choice(finished)
            lost.unlink()
            lost.with_suffix(".tar").unlink()
            self._scenes.clear()
            say(f"       all finished; {lost.stem} lost")


def test_thirty_random_kills_lose_nothing_and_double_nothing(fresh, serial):
    killer = Killer(fresh)
    try:
        while killer.kinds.total() < KILLS:
            killer.strike()
    finally:
        killer.end()
    say(f"killed in all: {dict(killer.kinds)}")
    assert set(killer.kinds) == {"worker", "parent", "Blender"}
    until(lambda: not at_work(fresh), "the last process's end")
    finish(fresh, serial)
    assert {failure.cause for failure in read_all_failures(fresh)} <= {"blender_sigkill"}


@contextmanager
def mounted(folder, command):
    """A file system at a folder; skips where mounting is refused."""
    folder.mkdir()
    tried = subprocess.run([*command, str(folder)], capture_output=True, text=True)
    if tried.returncode:
        pytest.skip(f"mounting is refused here: {tried.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_ends_the_run_and_blames_no_scene(planned, serial, tmp_path):
    with mounted(tmp_path / "small", ["mount", "-t", "tmpfs", "-o", "size=160m", "tmpfs"]) as small:
        folder = small / "plan"
        shutil.copytree(planned, folder)
        run = start("render", folder, "--threads", 1, log=tmp_path / "log")
        until(lambda: finished_slots(folder) or run.poll() is not None, "a first slot")
        left = shutil.disk_usage(small).free
        try:
            (small / "ballast").write_bytes(bytes(left + 2**20))
        except OSError:
            say(f"filled a disk of 160 MB with {finished_slots(folder)} of 9 slots finished")
        assert run.wait(LONG_S) == 3, (tmp_path / "log").read_text()
        assert "the disk is full: free space and run the same command again" in (tmp_path / "log").read_text()
        assert read_all_failures(folder) == []
        (small / "ballast").unlink()
        finish(folder, serial)


def test_a_disk_that_turns_read_only_ends_the_run_and_blames_no_scene(planned, serial, tmp_path):
    """As Linux does with a disk that errs, while files on it are open."""
    image = tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(200 * 2**20)
    if shutil.which("mkfs.ext4") is None:
        pytest.skip("mkfs.ext4 is not installed")
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    with mounted(tmp_path / "at", ["mount", "-o", "loop", str(image)]) as disk:
        folder = disk / "plan"
        shutil.copytree(planned, folder)
        os.sync()  # what isn't on the disk yet is lost when it turns read-only
        run = start("render", folder, "--threads", 1, log=tmp_path / "log")
        until(lambda: finished_slots(folder) or run.poll() is not None, "a first slot")
        stopped = subprocess.run(["mount", "-o", "remount,abort", str(disk)], capture_output=True, text=True)
        if stopped.returncode:
            end(run)
            pytest.skip(f"remounting is refused here: {stopped.stderr.strip()}")
        say(f"made the disk read-only with {finished_slots(folder)} of 9 slots finished")
        assert run.wait(LONG_S) == 3, (tmp_path / "log").read_text()
        assert "the disk is mounted read-only" in (tmp_path / "log").read_text()
    with mounted(tmp_path / "again", ["mount", "-o", "loop", str(image)]) as disk:
        assert read_all_failures(disk / "plan") == []
        finish(disk / "plan", serial)


def test_damaged_partial_files_are_made_again(fresh, serial):
    run = start("render", fresh, "--threads", 1)
    until(lambda: finished_slots(fresh) >= 2, "two slots")
    end(run)
    until(lambda: not at_work(fresh), "its end")
    slots = sorted(fresh.glob("work/chunk-*/slot-*"))
    for number, slot in enumerate(slots):
        path = sorted(slot.glob(["*.mask.png", "*.jpg"][number % 2]))[0]
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(bytes(data))
        say(f"changed a bit of {path.name}")
    scratch = slots[0].with_name(f".{slots[0].name}.1.deadbeef")
    scratch.mkdir()
    (scratch / "half.jpg").write_bytes(b"half")
    tries = slots[0].parent / "tries" / "some.jsonl"
    tries.write_text('{"key": "cut sho')
    (fresh / "telemetry" / "cut.jsonl").write_text('{"key": "cut sho')
    (fresh / "shards").mkdir(exist_ok=True)
    (fresh / "shards" / "shard-000002.tar").write_bytes(b"half a shard")
    finish(fresh, serial)


def test_a_blender_that_stands_still_is_replaced(fresh, serial, tmp_path):
    run = start("render", fresh, "--threads", 1, "--timeout-s", 20, log=tmp_path / "log")
    until(lambda: finished_slots(fresh) and at_work(fresh), "a scene after the first")
    blender = blenders(run.pid)[0]
    blender.suspend()
    scene = until(lambda: at_work(fresh) and at_work(fresh)[0].scene_s > 2 and at_work(fresh)[0].scenes[0], "a scene")
    say(f"stopped Blender {blender.pid} at {scene}")
    assert run.wait(LONG_S) == 0, (tmp_path / "log").read_text()
    assert [(failure.cause, failure.key) for failure in read_all_failures(fresh)] == [("time_out", scene)]
    require_same(fresh, serial)


STUCK = """
import sys
from pathlib import Path
from cuffs.farm import render
render.MARGIN_S = 5.0
from cuffs.farm.blender_process import BlenderSettings
from cuffs.farm.engine import EngineSettings
settings, engine = BlenderSettings(threads=1, timeout_s=20), EngineSettings(workers=2)
job = render.RenderJob(folder=Path(sys.argv[1]), chunks=range(3), settings=settings, engine=engine)
print(render.render_plan(job, lambda done: None).samples)
"""


def test_a_worker_that_stands_still_is_ended_and_its_scenes_are_taken_up(fresh, serial, tmp_path):
    run = start(program=[sys.executable, "-c", STUCK, str(fresh)], log=tmp_path / "log")
    until(lambda: finished_slots(fresh) and at_work(fresh), "a scene after the first")
    worker = psutil.Process(at_work(fresh)[0].pid)
    worker.suspend()
    say(f"stopped worker {worker.pid} with {finished_slots(fresh)} of 9 slots finished")
    assert run.wait(LONG_S) == 0, (tmp_path / "log").read_text()
    assert not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE
    require_same(fresh, serial)


def test_a_capture_that_was_damaged_on_its_way_is_rendered_again(fresh, serial, tmp_path):
    """A byte of Blender's result changes before it is annotated."""
    run = start("render", fresh, "--threads", 1, log=tmp_path / "log")
    worker = psutil.Process(until(lambda: at_work(fresh), "a scene")[0].pid)
    worker.suspend()  # Blender goes on, nobody takes its captures
    capture = until(lambda: next(iter(fresh.glob("work/*/.batch-*/capture-*")), None), "a capture")
    path = capture / "data.npz"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
    say(f"changed a bit of {capture.name}/{path.name}")
    worker.resume()
    assert run.wait(LONG_S) == 0, (tmp_path / "log").read_text()
    (failure,) = read_all_failures(fresh)
    assert failure.cause == "capture_damaged"
    assert "data.npz is not what Blender wrote" in failure.detail
    assert json.loads((fresh / "summary.json").read_text())["outcomes"]["done"] == 9
    require_same(fresh, serial)
