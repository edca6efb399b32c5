"""Shards on S3, spoken over HTTP: whole or not there, whatever goes wrong on the way."""

import os
import signal
import subprocess
import sys
from http import HTTPStatus
from pathlib import Path

import numpy as np
import pytest
import s3fs

from cuffs.errors import ConfigError, OutputError
from cuffs.shards import ShardContent, ShardIndex, read_index, write_shard
from cuffs.shards import store as stores
from cuffs.shards.store import Place, ShardStore
from tests.cuffs.shards.s3_server import BUCKET, ENVIRONMENT, objects, s3_server

ROOT = Path(__file__).parents[3]
PREFIX = f"s3://{BUCKET}/set"


@pytest.fixture(scope="module")
def running():
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(running, monkeypatch):
    """The door and a client of an empty bucket; this process speaks to it."""
    door, address, client = running
    for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": address}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(stores, "BACKOFF_S", 0.01)
    door.refuse, door.spoil, door.hold = [], 0, None
    door.held.clear()
    door.go.clear()
    door.seen.clear()
    for name in objects(client):
        client.delete_object(Bucket=BUCKET, Key=name)
    return door, client


def content(chunk=0):
    return ShardContent(chunk=chunk, plan_hash="0" * 16, samples=[], exhausted=list(range(500)))


def publish(folder, chunk=0):
    """Write an (empty) shard and upload it."""
    return ShardStore(folder, PREFIX).publish(content(chunk), folder)


def reference(folder):
    """The shard's two files, written here."""
    write_shard(folder / "shard-000000.tar", content())
    return {f"set/shards/{path.name}": path.read_bytes() for path in folder.glob("shard-*")}


def test_what_arrives_is_what_was_written_index_last(s3, tmp_path):
    door, client = s3
    index = publish(tmp_path)
    assert objects(client) == reference(tmp_path)
    assert [what.split("?")[0].rpartition(".")[2] for what in door.seen] == ["tar", "json"]
    store = ShardStore(tmp_path, PREFIX)
    assert store.is_finished(0)
    assert store.index(0) == index
    (tmp_path / "here").mkdir()
    assert store.download(0, tmp_path / "here").read_bytes() == objects(client)["set/shards/shard-000000.tar"]


@pytest.mark.parametrize(
    "faults",
    [
        [HTTPStatus.SERVICE_UNAVAILABLE],
        [HTTPStatus.FORBIDDEN, HTTPStatus.INTERNAL_SERVER_ERROR],
        [HTTPStatus.NOT_FOUND] * 3,
    ],
)
def test_a_failed_upload_is_tried_again(s3, tmp_path, faults):
    door, client = s3
    door.refuse = list(faults)
    publish(tmp_path)
    assert door.refuse == []
    assert objects(client) == reference(tmp_path)


def test_a_wrong_byte_on_the_way_is_found_by_reading_back(s3, tmp_path, caplog):
    door, client = s3
    door.spoil = 2
    publish(tmp_path)
    assert door.spoil == 0
    assert "failed (try 2 of 4)" in caplog.text
    assert objects(client) == reference(tmp_path)


def test_when_nothing_helps_no_index_says_that_the_shard_is_there(s3, tmp_path):
    door, client = s3
    door.spoil = 99
    with pytest.raises(OutputError, match="run the same command again"):
        publish(tmp_path)
    assert objects(client) == {}
    assert not ShardStore(tmp_path, PREFIX).is_finished(0)
    door.spoil = 0
    publish(tmp_path)
    assert objects(client) == reference(tmp_path)


UPLOAD = """
import sys
from pathlib import Path
from cuffs.shards.store import Place
Place(sys.argv[1]).upload(Path(sys.argv[2]), "shards/big.tar")
"""


@pytest.mark.parametrize(
    ("size", "where"), [(200_000, r"big\.tar"), (105 * 2**20, r"big\.tar.*partNumber=2")], ids=["whole", "in_parts"]
)
def test_a_killed_upload_leaves_no_half_object(s3, tmp_path, size, where):
    door, client = s3
    path = tmp_path / "big.tar"
    path.write_bytes(np.random.default_rng(0).bytes(size))
    door.hold = where
    upload = subprocess.Popen([sys.executable, "-c", UPLOAD, PREFIX, str(path)], cwd=ROOT, env=dict(os.environ))
    assert door.held.wait(120), "the upload never came"
    upload.send_signal(signal.SIGKILL)
    assert upload.wait() == -signal.SIGKILL
    door.go.set()
    assert objects(client) == {}
    door.hold = None
    Place(PREFIX).upload(path, "shards/big.tar")
    assert objects(client) == {"set/shards/big.tar": path.read_bytes()}


def test_another_machine_s_upload_counts_and_a_deleted_one_does_not(s3, tmp_path):
    _, client = s3
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    (here / "plan.json").write_text("{}")
    publish(there)
    store = ShardStore(here, PREFIX)
    assert not store.is_finished(0)
    store.reconcile(range(2), "0" * 16)
    assert store.is_finished(0)
    assert store.index(0) == ShardStore(there, PREFIX).index(0)
    assert objects(client)["set/plan.json"] == b"{}"
    client.delete_object(Bucket=BUCKET, Key="set/shards/shard-000000.tar")
    store.reconcile(range(2), "0" * 16)
    assert not store.is_finished(0)


@pytest.mark.usefixtures("s3")
def test_an_upload_of_another_plan_does_not_count(tmp_path):
    (tmp_path / "there").mkdir()
    publish(tmp_path / "there")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "plan.json").write_text("{}")
    store = ShardStore(tmp_path / "here", PREFIX)
    store.reconcile(range(1), "1" * 16)
    assert not store.is_finished(0)


def test_places_that_can_not_be_reached_are_explained(s3, tmp_path, monkeypatch):
    with pytest.raises(ConfigError, match="nosuch://x can't be used"):
        Place("nosuch://x")
    (tmp_path / "plan.json").write_text("{}")
    with pytest.raises(OutputError, match="can't upload"):  # before anything is rendered
        ShardStore(tmp_path, "s3://no-such-bucket/set").reconcile(range(1), "0" * 16)
    assert not [name for name in s3[1].list_buckets()["Buckets"] if name["Name"] == "no-such-bucket"]
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(OutputError, match="can't look at"):
        Place("s3://elsewhere/set").sizes("shards")
    s3fs.S3FileSystem.clear_instance_cache()


def test_a_plain_folder_gets_whole_files_too(tmp_path):
    store = ShardStore(tmp_path / "plan", f"file://{tmp_path}/out")
    (tmp_path / "plan").mkdir()
    index = store.publish(content(), tmp_path / "plan")
    assert sorted(path.name for path in (tmp_path / "out" / "shards").iterdir()) == [
        "shard-000000.json",
        "shard-000000.tar",
    ]
    assert isinstance(index, ShardIndex)
    assert read_index(tmp_path / "out" / "shards" / "shard-000000.json") == index
