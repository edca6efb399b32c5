"""A run whose shards go to S3: failed uploads are tried again, a killed one leaves nothing half, all of it arrives."""

import signal
from http import HTTPStatus

import pytest

from tests.cuffs.farm.runs import COUNT, LONG_S, cuffs, start
from tests.cuffs.farm.shard_edits import finish_slots
from tests.cuffs.shards.s3_server import BUCKET, ENVIRONMENT, objects, s3_server

pytestmark = [pytest.mark.bpy, pytest.mark.slow]

PLACE = f"s3://{BUCKET}/set"


@pytest.fixture
def s3():
    with s3_server() as (door, address, client):
        yield door, client, {**ENVIRONMENT, "AWS_ENDPOINT_URL": address}


def shards(client):
    return {name.removeprefix("set/shards/"): data for name, data in objects(client).items() if "/shards/" in name}


def test_a_run_to_s3_survives_refusals_wrong_bytes_and_a_kill(fresh, serial, s3, tmp_path):
    door, client, env = s3
    finish_slots(fresh, serial, range(COUNT))  # what is left is to pack and to upload
    wanted = {path.name: path.read_bytes() for path in (serial / "shards").iterdir()}
    door.refuse, door.hold = [HTTPStatus.SERVICE_UNAVAILABLE], r"shard-000001\.tar"
    run = start("render", fresh, "--out", PLACE, env=env, log=tmp_path / "log")
    assert door.held.wait(LONG_S)
    run.send_signal(signal.SIGKILL)
    run.wait(LONG_S)
    door.go.set()
    assert set(shards(client)) == {"shard-000000.tar", "shard-000000.json"}
    door.hold, door.spoil = None, 1
    status = cuffs("status", fresh, "--out", PLACE)
    assert f"{COUNT} of {COUNT} slots finished" in status.stdout
    assert "shards 1 of 3" in status.stdout
    run = cuffs("render", fresh, "--out", PLACE, env=env)
    assert run.returncode == 0, run.stderr
    assert "failed (try 1 of 4)" in run.stderr
    assert f"{COUNT} samples in {PLACE}" in run.stdout
    assert shards(client) == wanted
    door.seen.clear()
    assert cuffs("render", fresh, "--out", PLACE, env=env).returncode == 0
    assert not [what for what in door.seen if "shard" in what], "what is there was uploaded again"
    client.delete_object(Bucket=BUCKET, Key="set/shards/shard-000002.tar")
    finish_slots(fresh, serial, range(6, 9))
    assert cuffs("render", fresh, "--out", PLACE, env=env).returncode == 0
    assert shards(client) == wanted


def test_a_bucket_that_takes_nothing_is_found_out_before_anything_is_rendered(fresh, s3):
    door, client, env = s3
    door.pattern, door.refuse = r"plan\.json", [HTTPStatus.FORBIDDEN] * 99
    run = cuffs("render", fresh, "--out", PLACE, env=env)
    assert run.returncode == 3
    assert "can't upload plan.json" in run.stderr
    assert not (fresh / "work").exists()
    assert objects(client) == {}
