"""Streams: the same samples as from files, mixed, split, and refused where they should be."""

import numpy as np
import pytest
import torch

from cuffs.errors import ConfigError, RecordError, UnavailableError
from tests.trainer.shards import write_dataset
from tests.trainer.test_data_loading import DAMAGES, rewrite, rules_of, same, shard
from trainer.data.batches import pack
from trainer.data.config import PLAIN, DataConfig
from trainer.data.stream import Remote, Stream, StreamPlace, parse_remote, shares, stream_batches

PLACE = StreamPlace(rank=0, world_size=1, first_step=0)


def remote(folder, name="d"):
    return Remote(name=name, urls=f"file:{folder}/shards/shard-{{000000..000001}}.tar")


def stream_of(remotes, body, *, batch_size=4, place=PLACE, seed=0, augment=PLAIN, **config):
    rules = rules_of(body, augment)
    config = DataConfig(**{"stream_buffer": 4, **config})
    return Stream(remotes, rules, config, batch_size=batch_size, seed=seed, place=place)


def batches(source, steps, workers=0):
    return list(stream_batches(source, steps=steps, workers=workers, prefetch=1))


def test_a_stream_gives_the_samples_of_its_split_again_and_again(dataset, open_body):
    from tests.trainer.test_data_loading import source_of

    by_key = {}
    plain = source_of(dataset, open_body, augment=PLAIN)
    for place in range(4):
        by_key[plain[place].key] = plain[place]
    found = batches(stream_of([remote(dataset)], open_body), 10)
    keys = [key for batch in found for key in batch.keys]
    assert set(keys) == set(by_key), "all of them come, and none of validation's"
    first = found[0]
    assert same(first, pack([by_key[key] for key in first.keys]))


def test_the_same_process_streams_the_same_and_another_one_something_else(dataset, open_body):
    once, again = (batches(stream_of([remote(dataset)], open_body), 5) for _ in range(2))
    assert all(same(a, b) for a, b in zip(once, again, strict=True))
    for place in (
        StreamPlace(rank=1, world_size=2, first_step=0),
        StreamPlace(rank=0, world_size=1, first_step=5),
    ):
        other = batches(stream_of([remote(dataset)], open_body, place=place), 5)
        assert [b.keys for b in other] != [b.keys for b in once]


@pytest.mark.slow
def test_loading_processes_stream_too(dataset, open_body):
    found = batches(stream_of([remote(dataset)], open_body), 4, workers=2)
    assert [len(batch.keys) for batch in found] == [4] * 4


def test_streams_are_mixed_by_weight(dataset, open_body, tmp_path):
    write_dataset(tmp_path / "other", open_body, counts=(1, 1), seed=9, shards=2)
    remotes = [remote(dataset, "a"), remote(tmp_path / "other", "b")]
    found = batches(stream_of(remotes, open_body, weights={"a": 1.0, "b": 0.0}), 4)
    assert not any(key.startswith("s9") for batch in found for key in batch.keys)
    found = batches(stream_of(remotes, open_body, weights={"a": 1.0, "b": 1.0}), 10)
    share = np.mean([key.startswith("s9") for batch in found for key in batch.keys])
    assert 0.2 < share < 0.85


def test_plain_examples_are_not_augmented(dataset, open_body):
    source = stream_of([remote(dataset)], open_body)
    first = next(iter(source.plain_examples()))
    assert first.split == "train"
    assert torch.equal(torch.as_tensor(first.K[:2, 2]), torch.tensor([28.0, 28.0], dtype=torch.float64))


def test_corrupt_samples_of_a_stream_stop_it_or_are_named(tmp_path, open_body):
    keys = write_dataset(tmp_path / "d", open_body, counts=(1, 1, 1, 1), shards=2)
    rewrite(shard(tmp_path / "d"), lambda files: DAMAGES["is not JSON"](files, keys[0]))
    strict = stream_of([remote(tmp_path / "d")], open_body)
    with pytest.raises(RecordError, match=f"{keys[0]}.*on_corrupt"):
        batches(strict, 10)
    found = batches(stream_of([remote(tmp_path / "d")], open_body, on_corrupt="skip"), 6)
    assert all(len(batch.keys) == 4 and keys[0] not in batch.keys for batch in found)
    assert any(keys[0] in cause for batch in found for cause in batch.corrupt)


def test_an_image_without_annotation_is_named(tmp_path, open_body):
    keys = write_dataset(tmp_path / "d", open_body, counts=(1, 1), shards=2)
    rewrite(shard(tmp_path / "d"), lambda files: {n: d for n, d in files.items() if n != f"{keys[0]}.json"})
    with pytest.raises(RecordError, match=f"{keys[0]} has no json"):
        batches(stream_of([remote(tmp_path / "d")], open_body), 10)


def test_a_truncated_tar_is_noticed_while_it_comes(tmp_path, open_body):
    write_dataset(tmp_path / "d", open_body, counts=(1, 1, 1, 1), shards=2)
    tar = shard(tmp_path / "d")
    tar.write_bytes(tar.read_bytes()[:6000])
    with pytest.raises(RecordError, match="d: "):
        batches(stream_of([remote(tmp_path / "d")], open_body), 10)
    found = batches(stream_of([remote(tmp_path / "d")], open_body, on_corrupt="skip"), 6)
    assert any("shard-000000.tar" in cause for batch in found for cause in batch.corrupt)


def test_samples_of_another_body_are_never_skipped(dataset, open_body):
    from dataclasses import replace

    source = stream_of([remote(dataset)], open_body, on_corrupt="skip")
    source.rules = replace(source.rules, body_sha256="f" * 64)
    with pytest.raises(RecordError, match="labelled with the body model"):
        batches(source, 2)


def test_a_source_that_gives_nothing_ends(tmp_path, open_body):
    nowhere = Remote(name="gone", urls=f"file:{tmp_path}/none-{{000000..000001}}.tar")
    with pytest.raises(UnavailableError, match="gone: 20 failures in a row"):
        batches(stream_of([nowhere], open_body, on_corrupt="skip"), 1)


def test_a_download_that_fails_is_named(dataset, open_body):
    broken = Remote(name="far", urls="pipe:cat /nowhere/shard-{000000..000001}.tar 2>/dev/null")
    with pytest.raises(RecordError, match="far: .*on_corrupt"):
        batches(stream_of([broken], open_body), 1)
    fine = Remote(name="near", urls=f"pipe:cat {dataset}/shards/shard-{{000000..000001}}.tar")
    assert len(batches(stream_of([fine], open_body), 2)[1].keys) == 4


def test_addresses_are_told_from_paths():
    assert parse_remote("/data/d") is None
    assert parse_remote("mine=/data/d") is None
    assert parse_remote("https://h/s-{0..3}.tar") == Remote(name="stream", urls="https://h/s-{0..3}.tar")
    assert parse_remote("ehf=pipe:cat x.tar") == Remote(name="ehf", urls="pipe:cat x.tar")
    with pytest.raises(ConfigError, match="each once"):
        shares([Remote(name="a", urls="https://x"), Remote(name="a", urls="https://y")], {})
    with pytest.raises(ConfigError, match="agree"):
        shares([Remote(name="a", urls="https://x")], {"b": 1.0})
