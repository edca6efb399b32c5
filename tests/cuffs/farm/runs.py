"""Starting the command and looking at what it made."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

from cuffs.farm.status import StatusReader
from cuffs.farm.telemetry import read_telemetry
from cuffs.plan import read_plan
from cuffs.shards import iterate_samples, read_member
from cuffs.shards.verify import verify_dataset

ROOT = Path(__file__).parents[3]
# Bare people before a backdrop: clothes, hair and rooms take most of the time, and are tested elsewhere.
RECIPE = """
name: tiny
image: {width: 64, height: 64}
render: {samples: 1, denoise: false}
camera: {distance_m: [2.2, 2.6], yaw_deg: [-60, 60]}
people: {count: {"1": 0.7, "2": 0.3}, spacing_m: [0.8, 1.0]}
poses: {kind: procedural}
place: {kinds: {studio: 1}}
wardrobe: {dressed: false, hair: false}
num_identities: 3
chunk_size: 3
spares: 1
"""
COUNT = 9
LONG_S = 900


def command(*arguments):
    return [sys.executable, "-m", "cuffs.cli", *map(str, arguments)]


def cuffs(*arguments, env=None):
    """Run the command to its end."""
    return subprocess.run(
        command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=LONG_S, env={**os.environ, **(env or {})}
    )


def start(*arguments, program=None, env=None, log=os.devnull):
    """Start the command, or another program, in a group of its own; its output is added to a file."""
    with Path(log).open("a") as output:
        return subprocess.Popen(
            program or command(*arguments),
            cwd=ROOT,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **(env or {})},
        )


def end(process):
    """End a process that a test started, and all that it started."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        try:
            member.kill()
        except psutil.NoSuchProcess:
            continue
    process.wait()


def blenders(root_pid):
    """Blender processes below another."""
    return [child for child in _children(root_pid) if _runs(child, "blender_scripts.worker")]


def at_work(folder):
    """Processes whose Blender is at a scene right now: pid by chunk."""
    return [
        worker
        for worker in StatusReader(folder, read_plan(folder)).look().workers
        if worker.scenes and not worker.is_gone
    ]


def freeze(pids):
    """Stop the Blenders below some processes where they are; what thaws them."""
    stopped = [child for pid in pids for child in blenders(pid)]
    for child in stopped:
        child.suspend()
    return stopped


def thaw(stopped):
    for child in stopped:
        try:
            child.resume()
        except psutil.NoSuchProcess:
            continue


def _children(root_pid):
    try:
        return psutil.Process(root_pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _runs(process, module):
    try:
        return module in process.cmdline()
    except psutil.Error:  # it ended while we looked
        return False


def until(condition, what, timeout_s=LONG_S, every_s=0.05):
    """Wait for something; returns it."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(every_s)
    raise AssertionError(f"waited {timeout_s} s for {what}")


def annotations(folder):
    """Every sample's annotation and mask, byte for byte."""
    return {
        (entry.key, suffix): read_member(tar_path, entry, suffix)
        for tar_path, _, entry in iterate_samples(folder)
        for suffix in ("json", "mask.png")
    }


def require_same(folder, serial):
    """The folder is whole and says just what the serial run says."""
    assert [problem.what for problem in verify_dataset(folder, read_plan(folder))] == []
    found, wanted = annotations(folder), annotations(serial)
    assert found.keys() == wanted.keys()
    assert [key for key in wanted if found[key] != wanted[key]] == []


def annotators(folder):
    """Processes that finished a scene."""
    return {record.pid for record in read_telemetry(folder)}


def finished_slots(folder):
    """How many slots have a result by now, packed or not."""
    packed = [path for path in (folder / "shards").glob("shard-*.json")] if (folder / "shards").exists() else []
    return len(list(folder.glob("work/chunk-*/slot-*"))) + 3 * len(packed)
