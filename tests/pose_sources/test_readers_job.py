"""Bodies of every data set with hands of InterHand2.6M, from recipe to shard."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cuffs.plan import read_plan
from cuffs.shards import iterate_samples, read_sample
from tests.pose_sources.agora_fixtures import write_agora, write_kid_template
from tests.pose_sources.bedlam_fixtures import write_bedlam_labels
from tests.pose_sources.interhand_fixtures import write_interhand
from tests.pose_sources.motion_fixtures import upright_motion, write_smplx
from tests.pose_sources.people_fixtures import write_mean_hand
from tests.pose_sources.ubody_fixtures import write_ubody

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

RECIPE = """
name: all-sources
image: {width: 48, height: 48}
render: {samples: 1}
camera: {}
num_identities: 1
chunk_size: 1
spares: 0
wardrobe: {dressed: false, hair: false}
poses:
  kind: mixture
  bodies:
    - {source: {kind: bedlam, path: bedlam}}
    - {source: {kind: agora, path: agora, mean_hand_path: mean.npz}}
    - {source: {kind: ubody, path: ubody, mean_hand_path: mean.npz}}
    - {source: {kind: amass, path: amass}}
    - {source: {kind: procedural}}
  hands:
    - {source: {kind: interhand, path: interhand, mean_hand_path: mean.npz}}
  swap: {share: 1.0}
"""
PLAN_AND_RENDER = """
import sys
from pathlib import Path

from cuffs.cli import plan_command
from cuffs.cli_farm import Which, render_command
from cuffs.plan import read_chunk, read_plan

folder = Path(sys.argv[1])
plan_command(folder / "recipe.yaml", 40, folder / "out", seed=3)
plan, chunk_of = read_plan(folder / "out"), {}
for chunk in range(plan.num_chunks):
    for slot in read_chunk(folder / "out", plan, chunk).slots:
        if slot.specs:
            chunk_of.setdefault(slot.specs[0].people[0].body_source.dataset, chunk)
for chunk in chunk_of.values():
    render_command(folder / "out", Which(chunk=chunk))
"""
"""Of many planned scenes one of each data set is rendered. Among so many one is missing once in 1500 seeds."""

ROOT = Path(__file__).parents[2]

BODIES = {"bedlam", "agora", "ubody", "amass", "procedural"}


@pytest.fixture(scope="module")
def job(tmp_path_factory, body):
    """The dataset's folder."""
    folder = tmp_path_factory.mktemp("job")
    write_mean_hand(folder / "mean.npz")
    for name in ("agora", "ubody", "interhand", "amass"):
        (folder / name).mkdir()
    write_bedlam_labels(folder / "bedlam", body.path)
    write_kid_template(folder / "kid.npy", body.path)
    write_agora(folder / "agora", body.path, folder / "kid.npy")
    write_ubody(folder / "ubody", body.path)
    write_smplx(folder / "amass/walk_stageii.npz", *upright_motion(frames=30))
    write_interhand(folder / "interhand", body.path)
    (folder / "recipe.yaml").write_text(RECIPE)
    run = subprocess.run(
        [sys.executable, "-c", PLAN_AND_RENDER, str(folder)],
        cwd=ROOT, capture_output=True, text=True, timeout=900, env=os.environ,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    return folder / "out"


def test_every_source_renders_and_a_shard_says_where_body_and_hands_came_from(job):
    people = [person for tar, _, entry in iterate_samples(job) for person in read_sample(tar, entry).people]
    assert {person.pose_source.body.dataset for person in people} == BODIES
    for person in people:
        for hand in (person.pose_source.left_hand, person.pose_source.right_hand):
            assert hand.dataset == "interhand"
            assert hand.file == "annotations/train/InterHand2.6M_train_MANO_NeuralAnnot.json"
            assert (hand.row, hand.frame) in {(13, 1234), (13, 1237), (13, 1240), (2, 99)}
        assert not Path(person.pose_source.body.file).is_absolute()


def test_terms_of_every_source_are_kept_with_the_data(job):
    terms = " ".join(read_plan(job).licences)
    for text in ("BEDLAM: ", "AGORA: ", "UBody: ", "AMASS: ", "InterHand2.6M: CC BY-NC 4.0", "CC0"):
        assert text in terms
