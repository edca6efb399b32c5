"""Bad input: one message, no traceback, the exit code of design.md section 10, nothing lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cuffs.codec import encode
from cuffs.plan.records import ChunkPlan, Plan, plan_path, write_chunk

ROOT = Path(__file__).parents[2]
GOOD = """
name: tiny
image: {width: 64, height: 64}
render: {samples: 1}
camera: {}
poses: {kind: procedural}
num_identities: 2
chunk_size: 2
"""


def cuffs(*arguments, env=None):
    command = [sys.executable, "-m", "cuffs.cli", *map(str, arguments)]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, env={**os.environ, **(env or {})}
    )


def refused(run, code, *says):
    """One message, no traceback, the right exit code."""
    assert run.returncode == code, run.stdout + run.stderr
    assert "Traceback" not in run.stderr
    lines = [line for line in run.stderr.splitlines() if line.startswith("cuffs: ")]
    assert len(lines) == 1, run.stderr
    for text in says:
        assert text in run.stderr, run.stderr


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(GOOD)
    return path


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("chunk_size", "chunk_sise", "Did you mean 'chunk_size'"),
        ("camera: {}", "camera: {distance_m: [4, 1]}", "swap the two"),
        ("poses: {kind: procedural}", "poses: {kind: procedurel}", "Did you mean 'procedural'"),
        ("poses: {kind: procedural}", "poses: {kind: procedural, bodys: {}}", "Did you mean 'bodies'"),
        ("samples: 1", "samples: 0", "samples"),
    ],
)
def test_bad_recipes(recipe, tmp_path, old, new, says):
    recipe.write_text(GOOD.replace(old, new))
    refused(cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out"), 2, says)
    assert not (tmp_path / "out" / "plan.json").exists()


def test_counts_seeds_and_files_that_can_not_be(recipe, tmp_path):
    refused(cuffs("plan", recipe, "--count", 0, "--out", tmp_path / "out"), 2, "--count is 0")
    refused(cuffs("plan", recipe, "--count", 1, "--seed", -1, "--out", tmp_path / "out"), 2, "--seed is -1")
    refused(cuffs("plan", tmp_path / "none.yaml", "--count", 1, "--out", tmp_path / "out"), 2, "is not there")


def test_gates_that_refuse_everything_say_which(recipe, tmp_path):
    recipe.write_text(GOOD.replace("camera: {}", "camera: {distance_m: [0.3, 0.3], look_at: {legs: 1}}"))
    refused(cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out"), 2, "refused", "too_near")


def test_another_plan_is_never_overwritten(recipe, tmp_path):
    assert cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out").returncode == 0
    before = (tmp_path / "out" / "plan.json").read_bytes()
    refused(cuffs("plan", recipe, "--count", 2, "--out", tmp_path / "out"), 2, "holds another plan")
    assert (tmp_path / "out" / "plan.json").read_bytes() == before
    assert cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out").returncode == 0


@pytest.mark.parametrize("command", ["render", "verify"])
def test_folders_without_a_plan(tmp_path, command):
    refused(cuffs(command, tmp_path), 2, "holds no plan", "cuffs plan")


@pytest.mark.parametrize("command", ["audit", "sheet"])
def test_folders_without_shards(tmp_path, command):
    refused(cuffs(command, tmp_path), 2, "holds no finished shards", "cuffs render")


def tiny_plan(folder):
    (folder / "chunks").mkdir(parents=True)
    name = "chunks/chunk-000000.json.gz"
    plan = Plan(
        name="x", recipe_hash="0", seed=0, count=1, chunk_size=1, body_name="x", body_sha256="0",
        files={name: write_chunk(folder, ChunkPlan(chunk=0, slots=()))}, versions={}, licences=(),
    )  # fmt: skip
    plan_path(folder).write_text(json.dumps(encode(plan)))
    return plan


def test_broken_and_foreign_plans(tmp_path):
    plan = tiny_plan(tmp_path / "a")
    path = plan_path(tmp_path / "a")
    path.write_text(path.read_text()[:50])
    refused(cuffs("render", tmp_path / "a"), 2, "plan.json", "damaged")
    path.write_text(json.dumps(encode(plan) | {"schema": "cuffs-plan/7"}))
    refused(cuffs("render", tmp_path / "a"), 2, "cuffs-plan/7", "cuffs-plan/1")
    path.write_text(json.dumps(encode(plan) | {"extra": 1}))
    refused(cuffs("render", tmp_path / "a"), 2, "no such key 'extra'")


def test_a_chunk_that_was_changed_after_planning(tmp_path):
    tiny_plan(tmp_path / "a")
    (tmp_path / "a" / "chunks" / "chunk-000000.json.gz").write_bytes(b"other")
    refused(cuffs("render", tmp_path / "a"), 2, "chunk-000000.json.gz", "not the file that the plan was made with")


def test_chunks_and_workers_that_can_not_be(tmp_path):
    tiny_plan(tmp_path / "a")
    refused(cuffs("render", tmp_path / "a", "--chunk", 5), 2, "chunks 0 to 0")
    refused(cuffs("render", tmp_path / "a", "--workers", 0), 2, "--workers is 0")


def test_a_broken_body_model_is_never_replaced_silently(recipe, tmp_path):
    (tmp_path / "SMPLX_NEUTRAL.npz").write_bytes(b"PK not a model")
    run = cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out", env={"CUFFS_ASSETS": str(tmp_path)})
    refused(run, 3, "SMPLX_NEUTRAL.npz", "to fix it")
    run = cuffs("doctor", env={"CUFFS_ASSETS": str(tmp_path)})
    refused(run, 3, "body model")
    assert "broken body model" in run.stdout


def motion(**changes):
    arrays = {
        "poses": np.zeros((5, 165)), "trans": np.zeros((5, 3)), "betas": np.zeros(16), "gender": np.array("neutral"),
        "mocap_frame_rate": np.array(30.0), "surface_model_type": np.array("smplx"),
    }  # fmt: skip
    return {name: array for name, array in (arrays | changes).items() if array is not None}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"poses": np.full((5, 165), np.nan)}, "not finite"),
        ({"poses": np.zeros((5, 99))}, "poses"),
        ({"poses": np.array([[{}] * 165], dtype=object)}, "objects"),
        ({"poses": np.zeros((0, 165)), "trans": np.zeros((0, 3))}, "frames"),
        ({"trans": None}, "trans"),
    ],
)
def test_bad_pose_files(recipe, tmp_path, changes, says):
    np.savez(tmp_path / "walk_stageii.npz", **motion(**changes))
    recipe.write_text(GOOD.replace("poses: {kind: procedural}", f"poses: {{kind: amass, path: {tmp_path}}}"))
    refused(cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out"), 2, "walk_stageii.npz", says)


def test_a_truncated_pose_file(recipe, tmp_path):
    np.savez(tmp_path / "walk_stageii.npz", **motion())
    data = (tmp_path / "walk_stageii.npz").read_bytes()
    (tmp_path / "walk_stageii.npz").write_bytes(data[: len(data) // 2])
    recipe.write_text(GOOD.replace("poses: {kind: procedural}", f"poses: {{kind: amass, path: {tmp_path}}}"))
    refused(cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out"), 2, "walk_stageii.npz")


def test_an_output_that_is_a_file(recipe, tmp_path):
    (tmp_path / "out").write_text("in the way")
    refused(cuffs("plan", recipe, "--count", 1, "--out", tmp_path / "out"), 3, "out")
    assert (tmp_path / "out").read_text() == "in the way"


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], check=False).returncode
    ):
        pytest.skip("mounting a small disk is not allowed here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk(recipe, small_disk):
    refused(cuffs("plan", recipe, "--count", 1, "--out", small_disk / "out"), 3, "disk is full")
    assert not (small_disk / "out" / "plan.json").exists()


def test_doctor_and_help_say_what_they_know():
    run = cuffs("doctor")
    assert run.returncode in (0, 3)
    assert "body model" in run.stdout
    run = cuffs("--help")
    assert run.returncode == 0
    for command in (
        "plan",
        "render",
        "make",
        "verify",
        "audit",
        "sheet",
        "view",
        "diff",
        "export",
        "import",
        "replay",
        "bench",
        "doctor",
        "body",
    ):
        assert command in run.stdout
        assert cuffs(command, "--help").returncode == 0


def test_the_readmes_table_is_the_schema():
    from cuffs.schema import with_table

    readme = (ROOT / "README.md").read_text()
    assert with_table(readme) == readme, "run: python -m cuffs.schema"


def test_body_prints_a_path_that_smplx_loads(tmp_path):
    run = cuffs("body", "--path")
    assert run.returncode == 0, run.stderr
    path = Path(run.stdout.strip())
    assert path.is_file()
    shutil.copy(path, tmp_path / "SMPLX_NEUTRAL.npz")
