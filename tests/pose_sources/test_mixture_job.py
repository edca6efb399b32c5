"""Bodies of a recording with hands of another source, from recipe to shard: `cuffs make` and what it wrote."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cuffs.plan import read_chunk, read_plan
from cuffs.plan.make import refusals
from cuffs.shards import iterate_samples, read_sample
from tests.pose_sources.motion_fixtures import upright_motion, write_bedlam

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
RECIPE = """
name: swapped
image: {width: 64, height: 64}
render: {samples: 1}
camera: {}
num_identities: 1
chunk_size: 2
spares: 1
wardrobe: {dressed: false, hair: false}
poses:
  kind: mixture
  bodies:
    - {source: {kind: amass, path: motions/motion_seq.npz}, select: {apart_mm: 1.0}}
    - {source: {kind: amass, path: not/there}, missing: skip}
  hands: [{source: {kind: procedural, hands: {fist: 3, spread: 1}}}]
  swap: {share: 1.0, together: 0.0}
  natural: {hand_limits_deg: 60.0, body_limits_deg: 60.0}
  where: right_hand_open > 0.5
"""


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """The dataset's folder, and what the command said."""
    folder = tmp_path_factory.mktemp("job")
    (folder / "motions").mkdir()
    write_bedlam(folder / "motions" / "motion_seq.npz", *upright_motion(frames=30))
    (folder / "swapped.yaml").write_text(RECIPE)
    command = [sys.executable, "-m", "cuffs.cli", "make", str(folder / "swapped.yaml"), "--count", "2"]
    run = subprocess.run(
        [*command, "--out", str(folder / "out")], cwd=ROOT, capture_output=True, text=True, timeout=600, env=os.environ
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "out", run


def test_a_shard_says_where_the_body_and_each_hand_came_from(job):
    people = [person for tar, _, entry in iterate_samples(job[0]) for person in read_sample(tar, entry).people]
    assert len(people) == 2
    for person in people:
        source = person.pose_source
        assert (source.body.dataset, source.body.file, source.body.action) == ("bedlam", "motion_seq.npz", "turn")
        assert {source.left_hand.dataset, source.right_hand.dataset} == {"procedural"}
        assert source.left_hand.row != source.right_hand.row
        assert source.left_hand.licence == "CC0"
        assert "non-commercial" in source.body.licence


def test_refused_poses_are_counted_by_cause_and_add_up(job):
    folder, run = job
    plan = read_plan(folder)
    total: Counter[str] = Counter()
    for chunk in range(plan.num_chunks):
        total.update(refusals(read_chunk(folder, plan, chunk)))
    assert dict(total) == dict(plan.refused)
    assert plan.refused["pose: where"] >= 1  # most right hands are fists
    assert f"{plan.refused['pose: where']}  pose: where" in run.stdout


def test_what_was_missing_is_said_and_terms_are_kept(job):
    folder, run = job
    assert "poses.bodies[1] is left out: amass" in run.stderr
    assert "not/there is not there" in run.stderr
    assert {"CC0", "AMASS: non-commercial scientific research"} <= set(read_plan(folder).licences)
