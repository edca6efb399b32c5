"""The paper's recipe on what there is of its datasets."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import render_configs
from cuffs.recipe import load_recipe
from pose_sources import BodyAtHand, open_poses, poses_config
from tests.pose_sources.agora_fixtures import write_agora, write_kid_template
from tests.pose_sources.bedlam_fixtures import write_bedlam_labels
from tests.pose_sources.interhand_fixtures import write_interhand
from tests.pose_sources.people_fixtures import write_mean_hand
from tests.pose_sources.ubody_fixtures import write_ubody

RECIPE = Path(render_configs.__file__).parent / "cuffs-paper.yaml"
DATASETS = {"bedlam": "bedlam", "agora": "agora", "ubody": "UBody", "interhand": "InterHand2.6M"}


def recipe_poses():
    """The recipe's poses; the mean hand, which comes with the licensed body, from a file."""
    poses = load_recipe(RECIPE).poses
    sources = [entry["source"] for entry in (*poses["bodies"], *poses["hands"])]
    for source in sources:
        if source["kind"] in ("agora", "ubody", "interhand"):
            source["mean_hand_path"] = "../data/mean.npz"
    return poses


@pytest.fixture(scope="module")
def data(tmp_path_factory, body):
    """All four datasets, fixture-sized, where the recipe looks for them."""
    folder = tmp_path_factory.mktemp("paper") / "data"
    for name in DATASETS.values():
        (folder / name).mkdir(parents=True)
    write_mean_hand(folder / "mean.npz")
    template = folder / "kid.npy"
    write_kid_template(template, body.path)
    write_bedlam_labels(folder / "bedlam", body.path)
    write_agora(folder / "agora", body.path, template)
    write_ubody(folder / "UBody", body.path)
    write_interhand(folder / "InterHand2.6M", body.path)
    (folder.parent / "recipes").mkdir()
    return folder


def opened(data, body, poses):
    at_hand = BodyAtHand(rest_joints=body.joint_template, model=body)
    return open_poses(poses_config(poses, where="cuffs-paper.yaml"), folder=data.parent / "recipes", body=at_hand)


def test_bodies_and_hands_come_from_all_four(data, body):
    poses = opened(data, body, recipe_poses())
    rng = np.random.default_rng(0)
    drawn = [poses.attempt(rng) for _ in range(120)]
    bodies = Counter(one.body.origin.dataset for one in drawn)
    assert set(bodies) == {"bedlam", "agora", "ubody"}
    assert bodies["bedlam"] > bodies["agora"]
    assert {one.left_hand_origin.dataset for one in drawn} == {"interhand"}
    assert {one.right_hand_origin.dataset for one in drawn} == {"interhand"}
    together = [one.left_hand_origin == one.right_hand_origin for one in drawn]
    assert 0.2 < np.mean(together) < 0.9
    assert set(poses.licences) >= {"bedlam", "agora", "ubody", "interhand"}


def test_what_is_missing_is_named_and_made_up_poses_stand_in_for_all(data, body, caplog):
    poses = recipe_poses()
    for entry in (*poses["bodies"], *poses["hands"]):
        if "path" in entry["source"]:
            entry["source"]["path"] = entry["source"]["path"].replace("../data", "../elsewhere")
    with caplog.at_level("WARNING"):
        found = opened(data, body, poses)
    for name in DATASETS.values():
        assert f"elsewhere/{name} is not there" in caplog.text
    assert "procedural stands in" in caplog.text
    drawn = found.draw(np.random.default_rng(0))
    assert (drawn.body.origin.dataset, drawn.left_hand_origin.dataset) == ("procedural", "procedural")


@pytest.mark.parametrize("missing", ["bedlam", "interhand"])
def test_the_rest_is_used_where_one_is_missing(data, body, caplog, missing):
    poses = recipe_poses()
    for entry in (*poses["bodies"], *poses["hands"]):
        if entry["source"]["kind"] == missing:
            entry["source"]["path"] = "../elsewhere"
    with caplog.at_level("WARNING"):
        found = opened(data, body, poses)
    assert f"{missing}: " in caplog.text
    bodies = {source.name for source in found.bodies.sources}
    assert found.hands is not None
    hands = {source.name for source in found.hands.sources}
    assert bodies == {"bedlam", "agora", "ubody"} - {missing}
    assert hands == ({"procedural"} if missing == "interhand" else {"interhand"})
