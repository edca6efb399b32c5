"""Real clusters on this machine: workers die, others join late, and the bytes are those of a serial run."""

import importlib.util
import os
import socket
import sys
import time

import pytest

from tests.cuffs.farm.runs import (
    LONG_S,
    blenders,
    end,
    engine_workers,
    finished_slots,
    require_same,
    start,
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


def kill_mid_scene(root_pid, folder):
    """kill -9 a worker while its Blender is at a scene; what was killed."""
    finished = finished_slots(folder)
    until(lambda: blenders(root_pid) and finished_slots(folder) > finished, "the first scene to be finished")
    worker = until(lambda: engine_workers(root_pid), "a worker with a Blender")[0]
    children = worker.children(recursive=True)
    worker.kill()
    until(lambda: not any(child.is_running() and child.status() != "zombie" for child in children), "its Blender's end")
    return worker.pid


@pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="dask is not installed")
def test_a_dask_cluster_that_loses_a_worker_and_gains_another(fresh, serial, tmp_path):
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    log = (tmp_path / "log").open("w")

    def add_worker(name):
        program = [*dask, "worker", address, "--name", name, "--nthreads", "1", "--no-dashboard", "--no-nanny"]
        return start(program=[*program, "--local-directory", str(tmp_path / name)], log=log)

    scheduler = start(
        program=[*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], log=log
    )
    started = [scheduler]
    try:
        until(lambda: answers(port), "the scheduler")
        started += [add_worker("first"), add_worker("second")]
        run = start("render", fresh, "--backend", "dask", "--scheduler", address, "--threads", 1, log=log)
        started.append(run)
        victim = until(lambda: next((w for w in started[1:3] if blenders(w.pid)), None), "a worker to begin")
        until(lambda: finished_slots(fresh) and blenders(victim.pid), "a scene to be finished")
        victim.kill()
        sys.stdout.write(f"killed dask worker {victim.pid} with {finished_slots(fresh)} of 9 slots finished\n")
        started.append(add_worker("late"))
        assert run.wait(LONG_S) == 0, (tmp_path / "log").read_text()[-4000:]
    finally:
        for process in reversed(started):
            end(process)
        log.close()
    require_same(fresh, serial)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed")
def test_a_ray_cluster_that_loses_a_worker_and_gains_another(fresh, serial, tmp_path):
    port = free_port()
    # Ray's own switches: no telemetry to the outside, short socket paths, only this machine.
    env = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": f"/tmp/r{os.getpid()}", "RAY_DISABLE_IMPORT_WARNING": "1"}
    log = (tmp_path / "log").open("w")

    def node(*arguments):
        program = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--num-cpus", "1"]
        program += ["--object-store-memory", str(80 * 2**20), "--node-ip-address", "127.0.0.1", "--disable-usage-stats"]
        return start(program=[*program, *arguments], env=env, log=log)

    head = node("--head", "--port", str(port), "--include-dashboard=false", "--temp-dir", env["RAY_TMPDIR"])
    started = [head]
    try:
        until(lambda: answers(port), "the head")
        time.sleep(3)
        second = node("--address", f"127.0.0.1:{port}")
        started.append(second)
        arguments = ["--backend", "ray", "--scheduler", f"127.0.0.1:{port}", "--threads", 1]
        run = start("render", fresh, *arguments, env=env, log=log)
        started.append(run)
        pid = until(lambda: kill_mid_scene(head.pid, fresh), "a worker to kill")
        sys.stdout.write(f"killed ray worker {pid} with {finished_slots(fresh)} of 9 slots finished\n")
        started.append(node("--address", f"127.0.0.1:{port}"))
        assert run.wait(LONG_S) == 0, (tmp_path / "log").read_text()[-4000:]
    finally:
        for process in reversed(started):
            end(process)
        log.close()
    require_same(fresh, serial)
