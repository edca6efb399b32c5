"""Rendering for real, small: any number of workers, any kill, any damage, and the same bytes come out."""

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from cuffs.codec import encode
from cuffs.plan import read_plan
from cuffs.report.diversity import planned_scenes, triples
from cuffs.shards import iterate_samples, read_member, read_sample
from cuffs.shards.verify import verify_dataset

ROOT = Path(__file__).parents[2]
RECIPE = """
name: tiny
image: {width: 64, height: 64}
render: {samples: 1, denoise: false}
camera: {distance_m: [2.2, 2.6], yaw_deg: [-60, 60]}
people: {count: {"1": 0.7, "2": 0.3}, spacing_m: [0.8, 1.0]}
poses: {kind: procedural}
num_identities: 3
chunk_size: 3
spares: 1
"""
COUNT = 9

pytestmark = [pytest.mark.bpy, pytest.mark.slow]


def cuffs(*arguments, **options):
    command = [sys.executable, "-m", "cuffs.cli", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, **options)


def start(folder, workers):
    command = [sys.executable, "-m", "cuffs.cli", "render", str(folder), "--workers", str(workers)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
    )


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """A plan of nine scenes in three chunks."""
    folder = tmp_path_factory.mktemp("farm")
    (folder / "tiny.yaml").write_text(RECIPE)
    run = cuffs("plan", folder / "tiny.yaml", "--count", COUNT, "--out", folder / "plan")
    assert run.returncode == 0, run.stderr
    return folder / "plan"


@pytest.fixture(scope="module")
def serial(planned):
    """The same plan, rendered by one worker without any trouble."""
    folder = planned.parent / "serial"
    shutil.copytree(planned, folder)
    run = cuffs("render", folder)
    assert run.returncode == 0, run.stderr
    for part in ("setup", "render", "readout", "fit", "write"):
        assert part in run.stdout
    return folder


def annotations(folder):
    """Every sample's annotation and mask, byte for byte."""
    return {
        (entry.key, suffix): read_member(tar_path, entry, suffix)
        for tar_path, _, entry in iterate_samples(folder)
        for suffix in ("json", "mask.png")
    }


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


def is_blender(process):
    try:
        return "blender_scripts.worker" in process.cmdline()
    except psutil.Error:  # it ended while we looked
        return False


def kill_during(folder, run, victim, rng):
    """Kill one process of a running render at a random time; returns whether it was there to be killed."""
    parent = psutil.Process(run.pid)
    deadline = time.monotonic() + rng.uniform(1.0, 6.0)
    while run.poll() is None:
        writing = list((folder / "shards").glob(".shard-*"))
        if victim == "while a shard is written":
            if writing:
                os.kill(run.pid, signal.SIGKILL)
                return True
        elif time.monotonic() > deadline:
            children = [child for child in parent.children(recursive=True) if is_blender(child)]
            target = run.pid if victim == "parent" else children[0].pid if children else None
            if target is not None:
                os.kill(target, signal.SIGKILL)
                return True
    return False


def test_kills_at_random_times_lose_nothing_and_change_nothing(planned, serial):
    """Ten kill -9, three of them while a shard is written, two of the parent; the rest hits Blender."""
    folder = planned.parent / "killed"
    shutil.copytree(planned, folder)
    rng = random.Random(time.time_ns())
    wanted = ["while a shard is written"] * 3 + ["parent"] * 2 + ["blender"] * 5
    rng.shuffle(wanted)
    killed = []
    for round_number in range(80):
        run = start(folder, workers=1 + round_number % 2)
        if wanted and kill_during(folder, run, wanted[0], rng):
            killed.append((wanted.pop(0), round(time.time(), 3)))
        elif wanted and not list((folder / "shards").glob("shard-*.tar")):
            wanted.append(wanted.pop(0))
        run.wait(timeout=300)
        run.stderr.close()
        if not wanted and run.returncode == 0:
            break
        if run.returncode == 0:  # finished before all kills were dealt: take a shard away and go on
            victim = folder / "shards" / f"shard-{round_number % 3:06d}.tar"
            victim.unlink()
            victim.with_suffix(".json").unlink()
    sys.stdout.write(f"kills: {killed}\n")
    assert not wanted, f"not dealt: {wanted}"
    assert annotations(folder) == annotations(serial)
    assert list(verify_dataset(folder, read_plan(folder))) == []
    assert not [path for path in (folder / "shards").iterdir() if path.name.startswith(".") and path.suffix == ".json"]


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
    card = json.loads((serial / "card.json").read_text())
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
