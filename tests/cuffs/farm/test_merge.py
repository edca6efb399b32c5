"""Partial runs put together are the whole run, and what doesn't belong together is refused."""

import shutil

import pytest

from cuffs.codec import encode
from cuffs.errors import ConfigError, RecordError
from cuffs.farm.merge import merge_runs
from cuffs.plan import read_plan
from cuffs.plan.records import plan_path
from cuffs.shards.store import ShardStore
from tests.cuffs.farm.runs import cuffs, require_same
from tests.cuffs.farm.shard_edits import edited, finish_slots, rewrite

pytestmark = [pytest.mark.bpy, pytest.mark.slow]


def part_of(planned, serial, folder, shards):
    """A run of the plan that finished some shards."""
    shutil.copytree(planned, folder)
    (folder / "shards").mkdir()
    for chunk in shards:
        for suffix in ("tar", "json"):
            name = f"shard-{chunk:06d}.{suffix}"
            shutil.copyfile(serial / "shards" / name, folder / "shards" / name)
    return folder


def shards(folder):
    return {path.name: path.read_bytes() for path in (folder / "shards").iterdir()}


def test_parts_that_share_chunks_and_slots_give_the_whole_run(planned, serial, tmp_path):
    first = part_of(planned, serial, tmp_path / "first", [0])
    second = part_of(planned, serial, tmp_path / "second", [0, 1])
    finish_slots(first, serial, {6, 8})
    finish_slots(second, serial, {7, 8})
    before = shards(first), shards(second)
    run = cuffs("merge", first, tmp_path / "second", "--out", tmp_path / "out")
    assert run.returncode == 0, run.stderr
    assert "9 slots are finished, 3 shards complete" in run.stdout
    require_same(tmp_path / "out", serial)
    assert shards(tmp_path / "out") == shards(serial)
    assert (shards(first), shards(second)) == before
    again = merge_runs([first, second], tmp_path / "out")
    assert (again.slots, again.missing) == (9, ())


def test_what_no_part_has_is_named_and_can_be_rendered(planned, serial, tmp_path):
    first = part_of(planned, serial, tmp_path / "first", [0])
    finish_slots(first, serial, {6, 7})
    found = merge_runs([first], tmp_path / "out")
    assert (found.slots, found.shards, found.missing) == (5, 1, (1, 2))
    merge_runs([part_of(planned, serial, tmp_path / "second", [1])], tmp_path / "out")
    assert cuffs("render", tmp_path / "out").returncode == 0
    require_same(tmp_path / "out", serial)


def test_runs_of_other_plans_and_damaged_shards_are_refused(planned, serial, tmp_path):
    first = part_of(planned, serial, tmp_path / "first", [0])
    other = part_of(planned, serial, tmp_path / "other", [1])
    text = plan_path(other).read_text().replace('"seed": 0', '"seed": 1')
    plan_path(other).write_text(text)
    assert encode(read_plan(other)) != encode(read_plan(first))
    with pytest.raises(ConfigError, match="Only runs of one plan"):
        merge_runs([first, other], tmp_path / "out")
    tar = first / "shards" / "shard-000000.tar"
    data = bytearray(tar.read_bytes())
    data[700] ^= 1
    tar.write_bytes(bytes(data))
    with pytest.raises(RecordError, match=r"shard-000000\.tar is damaged"):
        merge_runs([first], tmp_path / "out")
    assert not (tmp_path / "out" / "shards" / "shard-000000.json").exists()


def test_two_machines_may_differ_in_pictures_but_not_in_labels(planned, serial, tmp_path):
    first = part_of(planned, serial, tmp_path / "first", [0])
    second = part_of(planned, serial, tmp_path / "second", [0])
    key = ShardStore(first).index(0).samples[1].key

    def repaint(files):
        files[key]["jpg"] += b"\0"

    rewrite(second, 0, repaint)
    merge_runs([first, second], tmp_path / "out")
    assert shards(tmp_path / "out") == shards(first)

    def relabel(files):
        edited(files, key, lambda data: data["people"][0]["smplx"]["transl"].__setitem__(0, 0.5))

    rewrite(second, 0, relabel)
    with pytest.raises(RecordError, match=f"{key}.json differs"):
        merge_runs([first, second], tmp_path / "other")
