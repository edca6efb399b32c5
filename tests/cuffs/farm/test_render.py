"""Rendering for real, small: any number of workers, any kill, any damage, and the same bytes come out."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from cuffs.codec import encode
from cuffs.plan import read_plan
from cuffs.report.card import make_card
from cuffs.report.diversity import planned_scenes, triples
from cuffs.shards import iterate_samples, read_member, read_sample
from cuffs.shards.verify import verify_dataset
from tests.cuffs.farm.runs import COUNT, annotations, cuffs

pytestmark = [pytest.mark.bpy, pytest.mark.slow]


def test_a_finished_run_is_whole_and_a_second_run_does_nothing(serial):
    assert list(verify_dataset(serial, read_plan(serial))) == []
    before = {path: path.stat().st_mtime_ns for path in (serial / "shards").iterdir()}
    assert cuffs("render", serial).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in (serial / "shards").iterdir()} == before
    assert not list((serial / "work").glob("*"))


def test_samples_say_what_the_picture_shows(serial):
    for tar_path, _, entry in iterate_samples(serial):
        sample = read_sample(tar_path, entry)
        mask = np.asarray(Image.open(io.BytesIO(read_member(tar_path, entry, "mask.png"))))
        for number, person in enumerate(sample.people):
            left, top, right, bottom = person.bbox_xyxy
            rows, columns = np.nonzero(mask == number + 1)
            assert (left, top, right, bottom) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert person.fit_converged
            assert 0 < person.visible_fraction <= 1
            assert [value is None for value in person.occluded] == [not seen for seen in person.in_frame]


def test_two_workers_give_the_same_bytes(planned, serial):
    folder = planned.parent / "two"
    shutil.copytree(planned, folder)
    run = cuffs("render", folder, "--workers", 2)
    assert run.returncode == 0, run.stderr
    assert annotations(folder) == annotations(serial)


def test_chunks_rendered_apart_and_out_of_order_give_the_same_bytes(planned, serial):
    folder = planned.parent / "chunks"
    shutil.copytree(planned, folder)
    for chunk in (2, 0, 1):
        run = cuffs("render", folder, "--chunk", chunk)
        assert run.returncode == 0, run.stderr
    assert annotations(folder) == annotations(serial)
    for name in ("shard-000000.tar", "shard-000001.tar", "shard-000002.tar"):
        assert (folder / "shards" / name).read_bytes() == (serial / "shards" / name).read_bytes()


def test_replay_gives_the_same_bytes_and_a_blend(serial, tmp_path):
    _, _, entry = next(iterate_samples(serial))
    run = cuffs("replay", serial, entry.key, "--out", tmp_path / "again")
    assert run.returncode == 0, run.stdout + run.stderr
    assert f"{entry.key}.json: the same bytes as in the shard" in run.stdout
    assert f"{entry.key}.mask.png: the same bytes as in the shard" in run.stdout
    assert (tmp_path / "again" / f"{entry.key}.blend").stat().st_size > 10_000


def test_sheet_and_audit_read_the_shards(serial):
    run = cuffs("sheet", serial, "--out", serial / "sheet.png")
    assert run.returncode == 0, run.stderr
    with Image.open(serial / "sheet.png") as sheet:
        assert sheet.size[0] > 900
    samples = [read_sample(tar_path, entry) for tar_path, _, entry in iterate_samples(serial)]
    identities = {person.character.identity for sample in samples for person in sample.people}
    run = cuffs("sheet", serial, "--pictures", "--out", serial / "pictures.png")
    assert 0 < int(run.stdout.split("sheet of ")[1].split()[0]) <= len(identities), run.stderr
    run = cuffs("audit", serial)
    assert run.returncode == 0, run.stdout + run.stderr
    figures = json.loads((serial / "audit" / "audit.json").read_text())
    assert figures["samples"] == COUNT
    assert figures["joints2d_px_max"] < 0.02
    assert figures["failures"] == []


def test_a_damaged_shard_is_found_and_made_again(serial, tmp_path):
    folder = tmp_path / "damaged"
    shutil.copytree(serial, folder)
    tar = folder / "shards" / "shard-000001.tar"
    data = bytearray(tar.read_bytes())
    data[2000] ^= 255
    tar.write_bytes(bytes(data))
    assert cuffs("verify", folder).returncode == 1
    tar.unlink()
    tar.with_suffix(".json").unlink()
    assert cuffs("render", folder).returncode == 0
    assert cuffs("verify", folder).returncode == 0
    assert annotations(folder) == annotations(serial)


def test_what_a_killed_run_left_of_a_packed_chunk_is_cleared_away(serial, tmp_path):
    folder = tmp_path / "left"
    shutil.copytree(serial, folder)
    (folder / "work" / "chunk-000001" / "slot-000000003").mkdir(parents=True)
    for name in (".shard-000001.tar.1.deadbeef", ".shard-000001.json.1.deadbeef"):
        (folder / "shards" / name).write_bytes(b"half")
    assert cuffs("render", folder).returncode == 0
    assert not list((folder / "work").iterdir())
    assert not list((folder / "shards").glob(".*"))
    assert annotations(folder) == annotations(serial)


def test_a_plan_is_a_function_of_its_inputs(planned, tmp_path):
    run = cuffs("plan", planned.parent / "tiny.yaml", "--count", COUNT, "--out", tmp_path / "plan")
    assert run.returncode == 0, run.stderr
    assert encode(read_plan(tmp_path / "plan")) == encode(read_plan(planned))


def test_plans_with_other_seeds_share_no_identity_pose_and_place(planned, tmp_path):
    """Not even a pose or a place, nor a person: names repeat, but not who bears them."""
    run = cuffs("plan", planned.parent / "tiny.yaml", "--count", COUNT, "--seed", 1, "--out", tmp_path / "plan")
    assert run.returncode == 0, run.stderr
    first, second = ([*zip(*triples(read_plan(one), planned_scenes(one, read_plan(one))), strict=True)]
                     for one in (planned, tmp_path / "plan"))  # fmt: skip
    for ours, theirs in zip(first, second, strict=True):
        assert not set(ours) & set(theirs)
    assert len(set(first[1])) == len(first[1])  # within a plan no pose comes twice either


def test_the_card_counts_what_is_there(serial):
    run = cuffs("card", serial)
    assert run.returncode == 0, run.stderr
    card = make_card(serial, read_plan(serial))
    assert card["samples"] == card["diversity"]["places"]["total"] == COUNT
    samples = [read_sample(tar_path, entry) for tar_path, _, entry in iterate_samples(serial)]
    people = [person.character for sample in samples for person in sample.people]
    assert card["people"] == card["diversity"]["identities"]["total"] == len(people)
    assert card["diversity"]["identities"]["distinct"] == len({person.identity for person in people})
    assert card["diversity"]["cuts"]["distinct"] == len({name for person in people for name in person.garments})
    assert sum(card["monk_tones"].values()) == pytest.approx(1.0, abs=1e-3)
    assert "Monk skin tone" in (serial / "CARD.md").read_text()
    assert list(verify_dataset(serial, read_plan(serial))) == []


def test_a_longer_plan_begins_with_the_shorter_one(planned, tmp_path):
    run = cuffs("plan", planned.parent / "tiny.yaml", "--count", 2 * COUNT, "--out", tmp_path / "plan")
    assert run.returncode == 0, run.stderr
    longer, shorter = read_plan(tmp_path / "plan"), read_plan(planned)
    for name in ("chunks/chunk-000000.json.gz", "chunks/chunk-000002.json.gz"):
        assert longer.files[name] == shorter.files[name]
