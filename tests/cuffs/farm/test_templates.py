"""Printed jobs: checked by the farms' own tools, and run where they can be."""

import ast
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from openjd.model import create_job, decode_job_template, preprocess_job_parameters

from cuffs.errors import ConfigError
from cuffs.farm.estimate import read_estimate
from cuffs.farm.templates.container import container_recipe
from cuffs.farm.templates.limits import MOST_TASKS, task_limits
from cuffs.plan import read_plan
from tests.cuffs.farm.runs import LONG_S, ROOT, at_work, cuffs, finished_slots, require_same, until
from tests.cuffs.farm.slurm_node import NoSlurm, free_port, slurm_node

pytestmark = [pytest.mark.bpy, pytest.mark.slow]


@pytest.fixture(scope="module")
def estimated(planned, tmp_path_factory):
    """The plan with its first two scenes rendered as a probe."""
    folder = tmp_path_factory.mktemp("estimated") / "plan"
    shutil.copytree(planned, folder)
    run = cuffs("estimate", folder, "--probe", 2, "--threads", 1)
    assert run.returncode == 0, run.stderr
    assert "images an hour" in run.stdout
    return folder


@pytest.fixture
def copied(estimated, tmp_path):
    folder = tmp_path / "a plan"  # with a blank: scripts must quote it
    shutil.copytree(estimated, folder)
    return folder


def printed(kind, folder, *arguments):
    run = cuffs("farm", kind, folder, *arguments)
    assert run.returncode == 0, run.stderr
    return run.stdout


def run_text(command, text, **options):
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=LONG_S, check=False, **options)


def tool(name):
    """A program of this virtual environment, which need not be activated."""
    return str(Path(sys.executable).parent / name)


def environment(**more):
    return {**os.environ, "PYTHONPATH": str(ROOT), **more}


def test_a_probe_is_kept_and_says_what_is_left(estimated):
    plan = read_plan(estimated)
    found = read_estimate(estimated, plan)
    assert finished_slots(estimated) == found.probed == 2
    assert found.left_slots == plan.count - 2
    assert found.scene_s > 0 < found.start_s
    assert found.whole_s > found.left_s > found.left_slots * found.scene_s
    assert found.memory_gb > 0.2
    in_shards = sum(path.stat().st_size for path in estimated.glob("work/*/slot-*/*.*") if path.name != "slot.json")
    assert found.whole_gb * 1e9 / plan.count == pytest.approx(in_shards / 2, rel=0.3)


def test_limits_need_a_measurement_of_this_plan_and_device(estimated, fresh):
    plan = read_plan(estimated)
    with pytest.raises(ConfigError, match="Run `cuffs estimate"):
        read_estimate(fresh, plan)
    with pytest.raises(ConfigError, match="of another plan"):
        read_estimate(estimated, replace(plan, seed=7))
    found = read_estimate(estimated, plan)
    with pytest.raises(ConfigError, match="measured with CPU"):
        task_limits(plan, found, device="optix", task_minutes=60, most_at_once=1)
    run = cuffs("farm", "slurm", fresh)
    assert (run.returncode, "cuffs estimate" in run.stderr) == (2, True)


@given(
    count=st.integers(1, 10**6),
    chunk_size=st.integers(1, 5000),
    scene_s=st.floats(0.01, 900),
    task_minutes=st.floats(0.1, 5000),
)
def test_every_chunk_is_in_one_task_and_time_suffices(estimated, count, chunk_size, scene_s, task_minutes):
    plan = replace(read_plan(estimated), count=count, chunk_size=chunk_size)
    found = replace(read_estimate(estimated, read_plan(estimated)), scene_s=scene_s)
    limits = task_limits(plan, found, device="cpu", task_minutes=task_minutes, most_at_once=4)
    assert (limits.tasks - 1) * limits.chunks < plan.num_chunks <= limits.tasks * limits.chunks
    assert limits.tasks <= MOST_TASKS
    assert 60 * limits.minutes >= 2 * limits.chunks * min(chunk_size, count) * scene_s
    assert limits.chunks == 1 or limits.tasks > MOST_TASKS // 2 or limits.expected_s <= 60 * task_minutes * 1.01


def test_the_array_script_is_sound_bash(copied):
    text = printed("slurm", copied, "--most-at-once", 2, "--task-minutes", 0.01)
    assert "--array=0-2%2" in text
    assert run_text(["bash", "-n"], text).returncode == 0
    checked = run_text([tool("shellcheck"), "-"], text)
    assert checked.returncode == 0, checked.stdout


def test_a_slurm_node_runs_the_array_and_again_after_a_task_is_lost(copied, serial, tmp_path):
    text = printed("slurm", copied, "--task-minutes", 0.01)
    try:
        with slurm_node(tmp_path / "slurm", free_port) as variables:
            env = environment(**variables)
            first = run_text(["sbatch", "--parsable"], text, env=env)
            assert first.returncode == 0, first.stderr
            lost = until(lambda: at_work(copied), "a task at a scene")[0]
            ended = f"{first.stdout.strip()}_{lost.chunk}"
            assert run_text(["scancel", "--signal=KILL", "--full", ended], "", env=env).returncode == 0
            sys.stdout.write(f"killed array task {ended} at {lost.scenes[0]}\n")
            until(lambda: not run_text(["squeue", "--noheader"], "", env=env).stdout, "the array's end", every_s=0.5)
            assert not (copied / "shards" / f"shard-{lost.chunk:06d}.tar").exists()
            again = run_text(["sbatch", "--wait"], text, env=env)
            logs = "".join(path.read_text() for path in (copied / "logs").glob("slurm-*"))
            assert again.returncode == 0, again.stderr + logs
    except NoSlurm as reason:
        pytest.skip(f"no Slurm here: {reason}")
    require_same(copied, serial)


def test_the_openjd_job_is_of_the_published_form_and_runs(copied, serial, tmp_path):
    text = printed("openjd", copied, "--device", "cpu")
    template = decode_job_template(template=yaml.safe_load(text))
    values = preprocess_job_parameters(
        job_template=template,
        job_parameter_values={"Plan": str(copied)},
        job_template_dir=tmp_path,
        current_working_dir=tmp_path,
    )
    job = create_job(job_template=template, job_parameter_values=values)
    assert [step.name for step in job.steps] == ["Render", "Verify"]
    path = tmp_path / "job.yaml"
    path.write_text(text)
    assert f"Plan={copied}" in text
    command = [tool("openjd"), "run", str(path), "--step", "Verify", "--run-dependencies", "-p", f"Plan={copied}"]
    run = run_text(command, "", env=environment())
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-1000:]
    assert "is whole: 9 samples" in run.stdout
    require_same(copied, serial)


@pytest.mark.parametrize("queue", ["slurm", "pbs", "lsf"])
def test_the_dask_script_gives_each_queue_its_own_words(copied, queue):
    """dask-jobqueue itself writes the job file; nothing is submitted."""
    script = printed("dask", copied, "--queue", queue)
    ast.parse(script)
    code = script.replace(".adapt(", ".adapted(").replace("        return subprocess", "        #")
    code = code.partition('if __name__ == "__main__":')[0]
    code += "from dask_jobqueue.core import JobQueueCluster\n"
    code += "JobQueueCluster.adapted = lambda self, **_: print(self.job_script()) or exit(0)\nmain()\n"
    run = run_text([sys.executable, "-W", "ignore", "-"], code, env=environment())
    assert "--lifetime" in run.stdout, run.stderr[-2000:]
    minutes = task_limits(
        read_plan(copied), read_estimate(copied, read_plan(copied)), device="cpu", task_minutes=60, most_at_once=1
    ).minutes
    assert f"{math.floor(minutes / 60):02d}:{minutes % 60:02d}" in run.stdout


def test_the_dask_script_renders(copied, serial):
    script = printed("dask", copied, "--queue", "local", "--most-at-once", 2)
    run = run_text([sys.executable, "-"], script, env=environment())
    assert run.returncode == 0, run.stderr[-3000:]
    require_same(copied, serial)


def test_the_container_recipe_is_sound():
    text = container_recipe("1.2.3")
    checked = run_text([tool("hadolint"), "-"], text)
    assert checked.returncode == 0, checked.stdout
