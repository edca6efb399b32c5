"""Shards: read by plain tools, the same bytes for the same samples, every damage noticed."""

import io
import json
import tarfile

import numpy as np
import pytest
import webdataset
from PIL import Image

from cuffs.codec import decode, encode
from cuffs.errors import RecordError
from cuffs.plan import Plan
from cuffs.records import Sample
from cuffs.shards import ShardContent, read_index, read_member, read_sample, write_shard
from cuffs.shards.verify import verify_dataset
from tests.cuffs.samples import random_sample, write_sample

PLAN = Plan(
    name="test",
    recipe_hash="0" * 16,
    seed=0,
    count=3,
    chunk_size=3,
    body_name="open",
    body_sha256="0" * 64,
    files={},
    versions={},
    licences=("CC0",),
)


@pytest.fixture
def dataset(tmp_path):
    """A whole dataset of one shard and three samples."""
    rng = np.random.default_rng(0)
    (tmp_path / "shards").mkdir()
    (tmp_path / "files").mkdir()
    samples = [
        write_sample(tmp_path / "files", rng, random_sample(rng, f"k_{slot}", people=1 + slot % 2, slot=slot))
        for slot in range(3)
    ]
    write_shard(tmp_path / "shards" / "shard-000000.tar", ShardContent(chunk=0, plan_hash=PLAN.hash(), samples=samples))
    return tmp_path


def problems(dataset):
    return [problem.what for problem in verify_dataset(dataset, PLAN)]


def test_annotations_round_trip_through_the_shard(dataset):
    path = dataset / "shards" / "shard-000000.tar"
    for entry in read_index(path.with_suffix(".json")).samples:
        sample = read_sample(path, entry)
        written = json.loads((dataset / "files" / f"{entry.key}.json").read_text())
        assert encode(sample) == written
        assert encode(decode(Sample, written, where="x")) == written


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # webdataset leaves the tar open
def test_plain_tar_and_webdataset_read_the_same_as_the_index(dataset):
    path = dataset / "shards" / "shard-000000.tar"
    index = read_index(path.with_suffix(".json"))
    through_webdataset = list(webdataset.WebDataset(str(path), shardshuffle=False))
    with tarfile.open(path) as tar:
        assert len(through_webdataset) == index.count == len(index.samples)
        for found, entry in zip(through_webdataset, index.samples, strict=True):
            assert found["__key__"] == entry.key
            for member in entry.members:
                data = read_member(path, entry, member.suffix)
                assert found[member.suffix] == data == tar.extractfile(f"{entry.key}.{member.suffix}").read()
            assert Image.open(io.BytesIO(found["jpg"])).size == (24, 24)


def test_the_same_samples_give_the_same_bytes(dataset):
    path = dataset / "shards" / "shard-000000.tar"
    before = path.read_bytes()
    rng = np.random.default_rng(0)
    samples = [
        write_sample(dataset / "files", rng, random_sample(rng, f"k_{slot}", people=1 + slot % 2, slot=slot))
        for slot in range(3)
    ]
    write_shard(path, ShardContent(chunk=0, plan_hash=PLAN.hash(), samples=samples))
    assert path.read_bytes() == before


def test_a_whole_dataset_has_no_problems(dataset):
    assert problems(dataset) == []


@pytest.mark.parametrize("where", [0, 600, -1500])
def test_a_flipped_byte_anywhere_is_noticed(dataset, where):
    path = dataset / "shards" / "shard-000000.tar"
    data = bytearray(path.read_bytes())
    data[where] ^= 1
    path.write_bytes(bytes(data))
    assert any("sha256" in what for what in problems(dataset))


def test_a_missing_shard_a_missing_index_and_a_stranger_are_noticed(dataset):
    tar = dataset / "shards" / "shard-000000.tar"
    (dataset / "shards" / "shard-000007.tar").write_bytes(b"")
    assert any("no such chunk" in what for what in problems(dataset))
    tar.with_suffix(".json").unlink()
    assert any("missing" in what for what in problems(dataset))


def test_a_lost_slot_and_another_plan_are_noticed(dataset):
    path = dataset / "shards" / "shard-000000.json"
    index = json.loads(path.read_text())
    lost = index | {"samples": index["samples"][:2], "count": 2}
    path.write_text(json.dumps(lost))
    assert any("slot 2" in what for what in problems(dataset))
    path.write_text(json.dumps(index | {"plan_hash": "f" * 16}))
    assert any("plan ffff" in what for what in problems(dataset))


def test_an_index_cut_short_says_what_to_do(dataset):
    path = dataset / "shards" / "shard-000000.json"
    path.write_text(path.read_text()[:100])
    with pytest.raises(RecordError, match=r"not whole JSON.*render its chunk again"):
        read_index(path)


def test_a_tar_cut_short_is_noticed_when_a_member_is_read(dataset):
    path = dataset / "shards" / "shard-000000.tar"
    index = read_index(path.with_suffix(".json"))
    path.write_bytes(path.read_bytes()[: index.samples[-1].members[-1].offset + 1])
    with pytest.raises(RecordError, match="ends within"):
        read_member(path, index.samples[-1], index.samples[-1].members[-1].suffix)
