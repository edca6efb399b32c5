"""`cuffs verify --deep` finds what no hash shows: shards whose every byte is as written, and wrong."""

import json
import shutil

import pytest

from cuffs.plan import read_plan
from cuffs.shards import Rejection, read_index
from cuffs.shards.deep import verify_deeply
from cuffs.shards.verify import verify_dataset
from tests.cuffs.farm.runs import cuffs
from tests.cuffs.farm.shard_edits import edited, rewrite

pytestmark = [pytest.mark.bpy, pytest.mark.slow]


@pytest.fixture
def copied(serial, tmp_path):
    folder = tmp_path / "copied"
    shutil.copytree(serial, folder)
    return folder


def index_of(folder, chunk):
    return read_index(folder / "shards" / f"shard-{chunk:06d}.json")


def found(folder):
    return [f"{problem.where}: {problem.what}" for problem in verify_deeply(folder, read_plan(folder))]


def plainly(folder):
    return list(verify_dataset(folder, read_plan(folder)))


def test_a_whole_dataset_is_deeply_whole(serial):
    run = cuffs("verify", serial, "--deep")
    assert (run.returncode, "is whole: 9 samples" in run.stdout) == (0, True), run.stdout


def shift_joints(data):
    for joint in data["people"][0]["joints3d_cam"]:
        joint[0] += 1e-3  # one millimetre


def shift_pixels(data):
    data["people"][0]["joints2d"][0][0] += 0.1


def turn_hand(data):
    data["people"][0]["smplx"]["body_pose"][20][1] += 0.05


def widen_box(data):
    data["people"][0]["bbox_xyxy"][2] += 1


def move_camera(data):
    data["camera"]["T_world_cam"][0][3] += 1e-3


def rename(data):
    data["people"][0]["character"]["identity"] = "somebody_else"


def flip_joint(data):
    data["people"][0]["in_frame"][5] = not data["people"][0]["in_frame"][5]


def change_split(data):
    data["provenance"]["split"] = "test"


EDITS = {
    shift_joints: "joints3d_cam is 1.0",
    shift_pixels: "joints2d is 0.1",
    turn_hand: "from what its own parameters give",
    widen_box: "bbox_xyxy is",
    move_camera: "T_world_cam is not the planned camera's",
    rename: "identities is",
    flip_joint: "in_frame is not what",
    change_split: "split is test",
}


def test_each_label_that_contradicts_the_plan_or_itself_is_named_and_no_other(copied):
    entries = [(chunk, entry.key) for chunk in range(3) for entry in index_of(copied, chunk).samples]
    wrong = dict(zip(EDITS, entries, strict=False))  # a sample for each, and one that stays
    for edit, (chunk, key) in wrong.items():
        rewrite(copied, chunk, lambda files, key=key, edit=edit: edited(files, key, edit))
    assert plainly(copied) == []
    problems = found(copied)
    for edit, (chunk, key) in wrong.items():
        own = [problem for problem in problems if f"shard-{chunk:06d}.tar:{key}" in problem]
        assert any(EDITS[edit] in problem for problem in own), (edit.__name__, problems)
    assert not [problem for problem in problems if entries[-1][1] in problem]


def test_a_picture_that_comes_twice_is_named(copied):
    keys = [entry.key for entry in read_index(copied / "shards" / "shard-000000.json").samples]

    def repeat(files):
        files[keys[1]]["jpg"] = files[keys[0]]["jpg"]

    rewrite(copied, 0, repeat)
    assert plainly(copied) == []
    assert [keys[0] in problem and keys[1] in problem for problem in found(copied)] == [True]


def test_a_file_of_the_plan_that_has_changed_is_named(copied):
    path = next((copied / "assets" / "identities").iterdir())
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert plainly(copied) == []
    assert [path.name in problem for problem in found(copied)] == [True]


def test_a_spare_without_its_reason_and_a_slot_named_twice_are_named(copied):
    index = read_index(copied / "shards" / "shard-000001.json")
    slot = index.samples[0].slot
    rewrite(copied, 1, lambda _: None, quarantined=[Rejection(slot=slot, attempt=0, cause="time_out")])
    assert any(f"slot {slot} is named twice" in problem for problem in found(copied))
    rewrite(copied, 1, lambda _: None, quarantined=[], exhausted=[slot], samples=[])
    assert any("its refusal is not on record" in problem for problem in found(copied))


def test_a_member_s_hash_counts_and_not_only_the_tar_s(copied):
    path = copied / "shards" / "shard-000002.json"
    data = json.loads(path.read_text())
    member = data["samples"][0]["members"][0]
    member["sha256"] = "0" * 64
    path.write_text(json.dumps(data))
    assert plainly(copied) == []
    assert any("is not what its hash says" in problem for problem in found(copied))
