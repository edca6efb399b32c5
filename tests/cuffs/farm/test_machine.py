"""What a process may use of its machine, and lanes that no two Blenders share."""

import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cuffs.farm import lane as lanes
from cuffs.farm.lane import lease_lane, pinned
from cuffs.farm.machine import core_limit, memory_limit_gb, usable_cores, visible_gpus


@pytest.fixture(autouse=True)
def own_locks(tmp_path, monkeypatch):
    """Locks of this test alone: other renders may run on this machine."""
    monkeypatch.setattr(lanes.tempfile, "tempdir", str(tmp_path))
    return tmp_path


def cgroup(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return folder


@given(st.integers(1, 400_000))
def test_a_quota_counts_where_it_is_less_than_the_cores(quota):
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as name:
        root = cgroup(Path(name), {"a/b/cpu.max": f"{quota} 100000", "a/cpu.max": "max 100000", "me": "0::/a/b"})
        assert core_limit(root, root / "me") == max(1, min(len(usable_cores()), quota // 100_000))


def test_a_limit_of_any_group_above_counts_in_both_versions_of_cgroups(tmp_path):
    two = cgroup(tmp_path / "2", {"a/memory.max": str(2**30), "a/b/memory.max": "max", "me": "0::/a/b"})
    assert memory_limit_gb(two, two / "me") == 1
    one = cgroup(
        tmp_path / "1",
        {
            "cpu/cpu.cfs_quota_us": "100000",
            "cpu/cpu.cfs_period_us": "100000",
            "memory/x/memory.limit_in_bytes": str(2**31),
            "me": "4:memory:/x\n3:cpu,cpuacct:/y",
        },
    )
    assert memory_limit_gb(one, one / "me") == 2
    assert core_limit(one, one / "me") == 1


def test_nothing_to_read_means_no_limit_but_the_machine_s(tmp_path):
    assert core_limit(tmp_path, tmp_path / "none") == len(usable_cores())
    assert memory_limit_gb(tmp_path, tmp_path / "none") > 1


def test_every_gpu_that_the_scheduler_shows_is_a_lane_and_no_other(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-a, GPU-b")
    assert visible_gpus("optix") == ("GPU-a", "GPU-b")
    assert visible_gpus("cpu") == visible_gpus("metal") == ()
    with lease_lane("optix", 1) as first, lease_lane("cuda", 1) as second:
        assert [first.gpu, second.gpu] == ["GPU-a", "GPU-b"]
        assert second.environment("cuda") == {"CUDA_VISIBLE_DEVICES": "GPU-b"}
    with lease_lane("optix", 1) as again:
        assert again.gpu == "GPU-a"


def test_two_lanes_share_no_core_and_a_third_is_not_pinned():
    cores = usable_cores()
    with ExitStack() as held:
        found = [held.enter_context(lease_lane("cpu", 1)) for _ in range(len(cores) + 1)]
    assert [lane.cores for lane in found] == [*((core,) for core in cores), None]
    with lease_lane("cpu", len(cores)) as whole:
        assert whole.cores == cores


def hold(ready):
    with lease_lane("cpu", 1):
        ready.set()
        signal.pause()


def test_a_killed_process_gives_its_lane_back():
    context = multiprocessing.get_context("fork")
    ready = context.Event()
    process = context.Process(target=hold, args=(ready,))
    process.start()
    assert ready.wait(20)
    with lease_lane("cpu", 1) as lane:
        assert lane.cores != usable_cores()[:1]
    process.kill()
    process.join()
    with lease_lane("cpu", 1) as lane:
        assert lane.cores == usable_cores()[:1]


def test_children_run_where_they_are_pinned_and_we_do_not():
    before = os.sched_getaffinity(0)
    with pinned(usable_cores()[-1:]):
        code = "import os; print(*os.sched_getaffinity(0))"
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert child.stdout.split() == [str(usable_cores()[-1])]
    assert os.sched_getaffinity(0) == before
