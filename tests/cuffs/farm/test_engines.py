"""Real clusters on this machine: workers die, others join late, and the bytes are those of a serial run."""

import importlib.util
import os
import shutil
import socket
import sys
from contextlib import contextmanager

import psutil
import pytest

from tests.cuffs.farm.runs import (
    LONG_S,
    annotators,
    at_work,
    blenders,
    end,
    finished_slots,
    freeze,
    require_same,
    start,
    thaw,
    until,
)

pytestmark = [pytest.mark.bpy, pytest.mark.slow]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def ended(processes):
    """End what the block has put on a list, the last first."""
    try:
        yield processes
    finally:
        for process in reversed(processes):
            end(process)


def lose_one_gain_one(folder, roots, join):
    """Stop the workers within scenes, have another one join, kill -9 one that is at a scene, let the others go on.

    Args:
        folder: of the plan.
        roots: processes whose descendants, themselves included, are the two workers.
        join: starts the late one; returns when it is a member.
    """
    until(lambda: len(at_work(folder)) == 2 and finished_slots(folder), "two workers at work and a first scene")
    stopped = freeze([process.pid for process in roots])
    victim = until(lambda: at_work(folder), "a worker at a scene")[0]
    children = psutil.Process(victim.pid).children(recursive=True)
    late = join()
    psutil.Process(victim.pid).kill()
    until(lambda: not any(is_alive(child) for child in children), "its Blender's end")
    sys.stdout.write(
        f"killed worker {victim.pid} at {victim.scenes[0]}, {finished_slots(folder)} of 9 slots finished; "
        f"{late.pid} joined late\n"
    )
    thaw(stopped)
    return late


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="dask is not installed")
def test_a_dask_cluster_that_loses_a_worker_and_gains_another(fresh, serial, tmp_path):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    log = tmp_path / "log"
    with ended([]) as started:

        def add_worker(name):
            program = [*dask, "worker", address, "--name", name, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
            started.append(start(program=[*program, "--local-directory", str(tmp_path / name)], log=log))
            return started[-1]

        def join():
            late = add_worker("late")
            until(lambda: blenders(late.pid), "the late worker to take a task")
            return late

        program = [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
        started.append(start(program=program, log=log))
        until(lambda: answers(port), "the scheduler")
        workers = [add_worker("first"), add_worker("second")]
        run = start("render", fresh, "--backend", "dask", "--scheduler", address, "--threads", 1, log=log)
        started.append(run)
        late = lose_one_gain_one(fresh, workers, join)
        assert run.wait(LONG_S) == 0, log.read_text()[-4000:]
    assert late.pid in annotators(fresh)
    require_same(fresh, serial)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_a_ray_cluster_that_loses_a_worker_and_gains_another(fresh, serial, tmp_path):
    port = free_port()
    sockets = f"/tmp/cuffs-ray-{os.getpid()}"  # Ray's sockets need a short path
    env = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": sockets, "RAY_DISABLE_IMPORT_WARNING": "1"}
    with ended([]) as started:

        def add_node(*arguments):
            path = tmp_path / f"node-{len(started)}"
            program = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus", "1"]
            program += ["--object-store-memory", str(80 * 2**20), "--node-ip-address", "127.0.0.1"]
            started.append(start(program=[*program, "--disable-usage-stats", *arguments], env=env, log=path))
            until(lambda: "Ray runtime started." in path.read_text(), path.name)
            return started[-1]

        head = ["--head", "--port", str(port), "--include-dashboard=false", "--temp-dir", sockets]
        nodes = [add_node(*head), add_node("--address", f"127.0.0.1:{port}")]
        arguments = ["--backend", "ray", "--scheduler", f"127.0.0.1:{port}", "--threads", 1]
        run = start("render", fresh, *arguments, env=env, log=tmp_path / "log")
        started.append(run)
        late = lose_one_gain_one(fresh, nodes, lambda: add_node("--address", f"127.0.0.1:{port}"))
        of_late = until(
            lambda: run.poll() is not None or {c.ppid() for c in blenders(late.pid)}, "the late node's part"
        )
        assert run.wait(LONG_S) == 0, (tmp_path / "log").read_text()[-4000:]
    shutil.rmtree(sockets, ignore_errors=True)
    assert of_late is not True, "the late node got nothing to do"
    assert of_late <= annotators(fresh)
    require_same(fresh, serial)
