"""Loading: the same examples whoever loads them; whatever is wrong with a shard is said, counted, named."""

import io
import json
import os
import signal
import tarfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from cuffs.errors import ConfigError, RecordError, UnavailableError
from cuffs.shards import read_index
from tests.trainer.runs import RECIPE, changed
from tests.trainer.shards import make_sample, write_dataset
from trainer.batch import Batch
from trainer.data.batches import IMAGENET_MEAN, IMAGENET_STD, StepPlaces, denormalise, load_batches, normalise, pack
from trainer.data.catalogue import Source, open_catalogue, parse_source, require_distinct
from trainer.data.config import AugmentConfig, DataConfig
from trainer.data.examples import EverySample, Example, ExampleRules, ExampleSource
from trainer.data.order import epoch_counts
from trainer.data.people import PeopleLabels, labels_of, mirror_rule
from trainer.prepare import parse_sources

CPU = torch.device("cpu")


def rules_of(body, augment=None, side=56):
    return ExampleRules(
        side=side, augment=augment or AugmentConfig(), mirror=mirror_rule(body), body_sha256=body.sha256
    )


def source_of(folder, body, *, config=None, augment=None, seed=0):
    catalogue = open_catalogue(Source(name="d", path=folder), split="train", body_sha256=body.sha256)
    counts = epoch_counts({"d": len(catalogue)}, {}, None)
    return ExampleSource([catalogue], rules_of(body, augment), config or DataConfig(), counts=counts, seed=seed)


def same(a, b):
    """Whether two packed batches are bit for bit the same."""
    return (
        a.keys == b.keys
        and np.array_equal(a.pixels, b.pixels)
        and a.labels.keys() == b.labels.keys()
        and all(np.array_equal(a.labels[name], b.labels[name]) for name in a.labels)
    )


def rewrite(tar_path, change):
    """Write a tar anew with changed members and an index that fits it, as a careless tool would."""
    index = json.loads(tar_path.with_suffix(".json").read_text())
    with tarfile.open(tar_path) as tar:
        members = [(info.name, tar.extractfile(info).read()) for info in tar]
    with tarfile.open(tar_path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, data in change(dict(members)).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    from hashlib import sha256

    with tarfile.open(tar_path) as tar:
        found = {info.name: (info.offset_data, info.size, tar.extractfile(info).read()) for info in tar}
    for sample in index["samples"]:
        kept = [member for member in sample["members"] if f"{sample['key']}.{member['suffix']}" in found]
        for member in kept:
            offset, size, data = found[f"{sample['key']}.{member['suffix']}"]
            member.update(offset=offset, size=size, sha256=sha256(data).hexdigest())
        sample["members"] = kept
    index["size"] = tar_path.stat().st_size
    tar_path.with_suffix(".json").write_text(json.dumps(index))


@pytest.fixture
def four(tmp_path, open_body):
    """Four samples in one shard, to be damaged."""
    keys = write_dataset(tmp_path / "four", open_body, counts=(1, 1, 1, 1))
    return tmp_path / "four", keys


def shard(folder):
    return folder / "shards" / "shard-000000.tar"


def test_an_example_depends_on_its_place_alone(dataset, open_body):
    source, again = source_of(dataset, open_body), source_of(dataset, open_body)
    forwards = [source[place] for place in range(9)]
    backwards = [again[place] for place in reversed(range(9))][::-1]
    assert all(same(pack([a]), pack([b])) for a, b in zip(forwards, backwards, strict=True))
    other = source_of(dataset, open_body, seed=1)
    assert not all(same(pack([source[place]]), pack([other[place]])) for place in range(9))


def test_another_epoch_shows_the_same_samples_otherwise(dataset, open_body):
    source = source_of(dataset, open_body)
    epochs = [[source[place] for place in range(4 * epoch, 4 * epoch + 4)] for epoch in range(2)]
    keys = [sorted(example.key for example in epoch) for epoch in epochs]
    assert keys[0] == keys[1]
    pixels = [{example.key: example.pixels for example in epoch} for epoch in epochs]
    assert any(not np.array_equal(pixels[0][key], pixels[1][key]) for key in keys[0])


@pytest.mark.slow
def test_loading_processes_change_nothing(dataset, open_body):
    source = source_of(dataset, open_body)
    places = StepPlaces(first=1, steps=6, batch_size=3, rank=0, world_size=1)
    here, there = (list(load_batches(source, places, workers=workers, prefetch=2)) for workers in (0, 2))
    assert len(here) == 5
    assert all(same(a, b) for a, b in zip(here, there, strict=True))


def test_only_the_wanted_split_is_read(dataset, open_body):
    numbers = {split: len(open_catalogue(Source(name="d", path=dataset), split=split, body_sha256=open_body.sha256))
               for split in ("train", "val", "test")}  # fmt: skip
    assert numbers == {"train": 4, "val": 2, "test": 0}


def test_shards_of_older_programs_tell_their_split_in_the_annotations(tmp_path, open_body):
    write_dataset(tmp_path / "d", open_body, counts=(1, 1, 1), splits=("train", "val", "train"))
    path = shard(tmp_path / "d").with_suffix(".json")
    index = json.loads(path.read_text())
    assert [sample.pop("split") for sample in index["samples"]] == ["train", "val", "train"]
    path.write_text(json.dumps(index))
    assert read_index(path).samples[0].split is None
    assert len(open_catalogue(Source(name="d", path=tmp_path / "d"), split="val", body_sha256=open_body.sha256)) == 1


def test_a_batch_is_what_the_annotations_say(dataset, open_body):
    catalogue = open_catalogue(Source(name="d", path=dataset), split="train", body_sha256=open_body.sha256)
    every = EverySample([catalogue], rules_of(open_body, RECIPE.augment), DataConfig())
    examples = [every[place] for place in range(len(every))]
    batch = pack(examples).to_batch(CPU)
    assert isinstance(batch, Batch)
    assert sorted(batch.image_of.bincount(minlength=4).tolist()) == [0, 1, 1, 2]
    assert batch.image.dtype == torch.float32
    for row, example in enumerate(examples):
        mine = batch.image_of == row
        assert np.allclose(batch.rotvecs[mine].numpy(), example.people.rotvecs, atol=1e-6)
        assert np.allclose(batch.transl[mine].numpy(), example.people.transl, atol=1e-6)
        assert (np.diff(example.people.head_cam[:, 2]) >= 0).all()
        assert np.abs(denormalise(batch.image[row]).astype(int) - example.pixels).max() <= 1


def test_a_batch_may_have_nobody_in_it():
    people = labels_of(())
    example = Example(key="k", pixels=np.zeros((56, 56, 3), np.uint8), K=np.eye(3), people=people, split="train")
    batch = pack([example, example]).to_batch(CPU)
    assert batch.rotvecs.shape == (0, 55, 3)
    assert batch.hand_valid.shape == (0, 2)
    assert len(batch.image) == 2


def test_normalising_is_imagenets():
    pixels = torch.randint(0, 256, (2, 5, 5, 3), dtype=torch.uint8)
    wanted = (pixels.double() / 255 - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)
    assert torch.allclose(normalise(pixels).double(), wanted.permute(0, 3, 1, 2), atol=1e-5)


def test_labels_keep_every_flag(open_body):
    from cuffs.records import HandFlags

    sample, _ = make_sample(np.random.default_rng(0), open_body, "k", people=2)
    first = replace(
        sample.people[0],
        hand_valid=HandFlags(left=True, right=False),
        face_valid=False,
        expression_valid=False,
        depth_valid=False,
        betas_valid=False,
    )
    labels = labels_of([first, sample.people[1]])
    assert labels.hand_valid.tolist() == [[True, False], [True, True]]
    for name in ("face_valid", "expression_valid", "depth_valid", "betas_valid"):
        assert getattr(labels, name).tolist() == [False, True]
    assert set(PeopleLabels.__dataclass_fields__) >= {"rotvecs", "transl"}


# What can be wrong with shards


def test_shards_of_another_body_model_are_refused(dataset):
    with pytest.raises(RecordError, match="labelled with the body model.*the one in use is ffffffff"):
        open_catalogue(Source(name="d", path=dataset), split="train", body_sha256="f" * 64)


def test_shards_of_another_schema_are_refused(four, open_body):
    folder, _ = four
    path = shard(folder).with_suffix(".json")
    index = json.loads(path.read_text())
    path.write_text(json.dumps({**index, "sample_schema": "cuffs-sample/99"}))
    with pytest.raises(RecordError, match="cuffs-sample/99.*reads 'cuffs-sample/1'"):
        source_of(folder, open_body)
    path.write_text(json.dumps({**index, "schema": "cuffs-shard/99"}))
    with pytest.raises(RecordError, match="cuffs-shard/99"):
        source_of(folder, open_body)


@pytest.mark.parametrize("cut", [100, 5000])
def test_a_truncated_tar_is_refused_before_training_begins(four, open_body, cut):
    folder, _ = four
    data = shard(folder).read_bytes()
    shard(folder).write_bytes(data[:-cut])
    with pytest.raises(RecordError, match=r"shard-000000.tar has \d+ bytes, but its index says \d+: it is cut short"):
        source_of(folder, open_body)


@pytest.mark.parametrize("suffix", ["json", "jpg"])
def test_a_sample_without_annotation_or_picture_is_named(four, open_body, suffix):
    folder, keys = four
    rewrite(shard(folder), lambda files: {name: data for name, data in files.items() if name != f"{keys[2]}.{suffix}"})
    with pytest.raises(RecordError, match=f"the sample {keys[2]} has no {suffix}"):
        source_of(folder, open_body)


def test_a_tar_without_index_and_a_folder_without_tars_are_refused(four, open_body, tmp_path):
    folder, _ = four
    shard(folder).with_suffix(".json").unlink()
    with pytest.raises(RecordError, match="shard-000000.json is not there"):
        source_of(folder, open_body)
    (tmp_path / "empty").mkdir()
    with pytest.raises(RecordError, match="holds no shards"):
        source_of(tmp_path / "empty", open_body)


def flip_a_byte(files, name):
    data = bytearray(files[name])
    data[len(data) // 2] ^= 0xFF
    return {**files, name: bytes(data)}


def edit_annotation(files, name, edit):
    plain = json.loads(files[name])
    edit(plain)
    return {**files, name: json.dumps(plain).encode()}


def put_nan(plain):
    plain["people"][0]["smplx"]["transl"][1] = float("nan")


def put_schema(plain):
    plain["schema"] = "cuffs-sample/0"


def put_width(plain):
    plain["image"]["width"] += 2


def put_word(plain):
    plain["people"][0]["smplx"]["betas"] = "tall"


DAMAGES = {
    "not finite": lambda files, key: edit_annotation(files, f"{key}.json", put_nan),
    "schema is 'cuffs-sample/0'": lambda files, key: edit_annotation(files, f"{key}.json", put_schema),
    "its annotation says": lambda files, key: edit_annotation(files, f"{key}.json", put_width),
    "betas": lambda files, key: edit_annotation(files, f"{key}.json", put_word),
    "is not JSON": lambda files, key: {**files, f"{key}.json": files[f"{key}.json"][:-20]},
    "can't be decoded": lambda files, key: {**files, f"{key}.jpg": files[f"{key}.jpg"][:200]},
}


@pytest.mark.parametrize("told", DAMAGES)
def test_a_corrupt_sample_is_named_and_stops_or_is_counted(four, open_body, told):
    folder, keys = four
    rewrite(shard(folder), lambda files: DAMAGES[told](files, keys[1]))
    with pytest.raises(RecordError, match=f"{keys[1]}.*{told}.*on_corrupt"):
        [source_of(folder, open_body)[place] for place in range(4)]
    lenient = source_of(folder, open_body, config=DataConfig(on_corrupt="skip"))
    packed = pack([lenient[place] for place in range(4)])
    assert len(packed.keys) == 4
    assert keys[1] not in packed.keys
    assert len(packed.corrupt) == 1
    assert keys[1] in packed.corrupt[0]
    assert told in packed.corrupt[0]


def test_bytes_that_are_not_those_of_the_index_are_noticed(four, open_body):
    """A flipped bit in a JPEG decodes to a picture all the same; its hash tells."""
    folder, keys = four
    index = read_index(shard(folder).with_suffix(".json"))
    member = index.samples[3].members[0]
    data = bytearray(shard(folder).read_bytes())
    data[member.offset + member.size // 2] ^= 1
    shard(folder).write_bytes(bytes(data))
    with pytest.raises(RecordError, match=f"{keys[3]}: its bytes are not those"):
        [source_of(folder, open_body)[place] for place in range(4)]


def test_validation_leaves_corrupt_samples_out_and_says_so(four, open_body):
    folder, keys = four
    rewrite(shard(folder), lambda files: DAMAGES["is not JSON"](files, keys[0]))
    catalogue = open_catalogue(Source(name="d", path=folder), split="train", body_sha256=open_body.sha256)
    every = EverySample([catalogue], rules_of(open_body), DataConfig(on_corrupt="skip"))
    packed = pack([every[place] for place in range(4)])
    assert packed.keys == tuple(keys[1:])
    assert len(packed.corrupt) == 1


def test_a_dataset_of_nothing_but_corrupt_samples_ends(four, open_body):
    folder, _ = four
    rewrite(shard(folder), lambda files: {name: b"{}" if name.endswith("json") else d for name, d in files.items()})
    with pytest.raises(RecordError, match="20 samples in a row are corrupt"):
        source_of(folder, open_body, config=DataConfig(on_corrupt="skip"))[0]


def test_a_foreign_sample_among_ours_is_never_skipped(four, open_body):
    folder, keys = four

    def foreign(plain):
        plain["body_model"]["sha256"] = "e" * 64

    rewrite(shard(folder), lambda files: edit_annotation(files, f"{keys[2]}.json", foreign))
    lenient = source_of(folder, open_body, config=DataConfig(on_corrupt="skip"))
    with pytest.raises(RecordError, match=f"{keys[2]} is labelled with the body model"):
        [lenient[place] for place in range(4)]


def test_a_disk_that_fails_is_not_a_corrupt_sample(four, open_body):
    folder, _ = four
    source = source_of(folder, open_body, config=DataConfig(on_corrupt="skip"))
    shard(folder).rename(shard(folder).with_suffix(".gone"))
    with pytest.raises(UnavailableError, match="can't be read"):
        source[0]


@pytest.mark.slow
def test_errors_of_loading_processes_arrive_as_they_are(four, open_body):
    folder, keys = four
    rewrite(shard(folder), lambda files: DAMAGES["is not JSON"](files, keys[1]))
    places = StepPlaces(first=0, steps=2, batch_size=4, rank=0, world_size=1)
    with pytest.raises(RecordError, match=f"^[^\n]*{keys[1]}[^\n]*$"):
        list(load_batches(source_of(folder, open_body), places, workers=1, prefetch=1))


class Deadly:
    """A source that kills the process that asks it."""

    def __getitem__(self, position):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_loading_process_that_dies_is_noticed_and_told():
    """As the kernel does it where memory runs out."""
    with pytest.raises(UnavailableError, match=r"A loading process died \(.*lower data.workers"):
        list(load_batches(Deadly(), [[0]], workers=1, prefetch=1))


def test_sources_are_told_apart_by_name(dataset, open_body, tmp_path):
    named = parse_source(f"mine={dataset}")
    assert (named.name, named.path) == ("mine", dataset)
    assert parse_source(str(dataset)).name == "small"
    with pytest.raises(ConfigError, match="is not there"):
        parse_source(str(tmp_path / "nowhere"))
    twice = [open_catalogue(parse_source(str(dataset)), split="train", body_sha256=open_body.sha256)] * 2
    with pytest.raises(ConfigError, match="two datasets are called 'small'"):
        require_distinct(twice)
    with pytest.raises(ConfigError, match="either streams or files"):
        parse_sources([str(dataset), "https://host/shard-{000000..000003}.tar"], [])


def test_weights_mix_datasets(dataset, open_body, tmp_path):
    write_dataset(tmp_path / "other", open_body, counts=(1, 1), seed=9)
    catalogues = [
        open_catalogue(Source(name=name, path=path), split="train", body_sha256=open_body.sha256)
        for name, path in (("a", dataset), ("b", tmp_path / "other"))
    ]
    recipe = changed(data={"weights": {"a": 1.0, "b": 3.0}, "epoch_size": 8})
    counts = epoch_counts({"a": 4, "b": 2}, recipe.data.weights, recipe.data.epoch_size)
    source = ExampleSource(catalogues, rules_of(open_body), recipe.data, counts=counts, seed=0)
    for epoch in range(3):
        keys = [source[place].key for place in range(8 * epoch, 8 * epoch + 8)]
        assert sum(key.startswith("s9") for key in keys) == 6
