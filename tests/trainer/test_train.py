"""Training runs: repeated, interrupted, killed, shared among processes, and stopped by what isn't finite."""

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cuffs.errors import CheckFailed, CheckpointError, ConfigError, RecordError
from tests.trainer.runs import ALONE, RECIPE, changed, write_recipe
from tests.trainer.shards import write_dataset
from tests.trainer.test_data_loading import DAMAGES, rewrite, shard
from trainer.checkpoint import checkpoints_of, read_training_about
from trainer.data.config import AugmentConfig
from trainer.journal import read_numbers
from trainer.model_folder import load_model
from trainer.optimiser import learning_rate
from trainer.prepare import parse_sources
from trainer.recipe import OptimiserConfig
from trainer.train import RunRequest, train

ROOT = Path(__file__).parents[2]


def go(recipe, data, out, body, *, resume=False, stop_after=None):
    """Train here; `stop_after` asks to stop after so many steps."""
    asked = iter(range(10**9))
    request = RunRequest(recipe=recipe, sources=parse_sources([str(data)], []), out=out, resume=resume)
    return train(
        request, body, ALONE, stop_wanted=lambda: stop_after is not None and next(asked) + 1 >= stop_after
    )  # fmt: skip


def curve(run):
    """What a run's numbers say of learning: all but speed and memory."""
    return [
        {name: value for name, value in line.items() if name == "step" or name.startswith(("train/", "validation/"))}
        for line in read_numbers(run)
    ]


def weights(run, step):
    from safetensors.torch import load_file

    folder = run / "checkpoints" / f"step-{step:09d}"
    return {**load_file(folder / "training.safetensors"), **load_file(folder / "model.safetensors")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory, dataset, open_body):
    """A run from start to end, with augmentation."""
    out = tmp_path_factory.mktemp("runs") / "whole"
    end = go(AUGMENTED, dataset, out, open_body)
    assert (end.step, end.stopped) == (6, False)
    return out


AUGMENTED = changed(augment=AugmentConfig(), validation={"every_steps": 4})


def test_a_run_leaves_numbers_pictures_curve_and_checkpoints(whole):
    steps = [line["step"] for line in read_numbers(whole) if "train/loss" in line]
    assert steps == [1, 2, 3, 4, 5, 6]
    told = read_numbers(whole)[0]
    assert {"train/verts_3d", "speed/samples_per_s", "speed/waiting_share", "data/corrupt"} <= told.keys()
    assert [path.name for path in checkpoints_of(whole)] == ["step-000000003", "step-000000006"]
    assert (whole / "curve.png").stat().st_size > 1000
    assert list((whole / "tensorboard").glob("events.*"))
    assert list((whole / "pictures").glob("step-*.jpg"))
    assert any("validation/recall" in line for line in read_numbers(whole))


def test_the_same_recipe_gives_the_same_numbers(whole, dataset, open_body, tmp_path):
    go(AUGMENTED, dataset, tmp_path / "again", open_body)
    assert curve(tmp_path / "again") == curve(whole)


@pytest.mark.parametrize("stop_after", [3, 4])
def test_stopping_and_resuming_repeats_the_uninterrupted_run_bit_for_bit(
    whole, dataset, open_body, tmp_path, stop_after
):
    end = go(AUGMENTED, dataset, tmp_path / "run", open_body, stop_after=stop_after)
    assert (end.step, end.stopped) == (stop_after, True)
    torch.manual_seed(999)  # another process has another random state
    end = go(AUGMENTED, dataset, tmp_path / "run", open_body, resume=True)
    assert (end.step, end.stopped) == (6, False)
    assert curve(tmp_path / "run") == curve(whole)
    ours, theirs = weights(tmp_path / "run", 6), weights(whole, 6)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items() if not name.startswith("random."))


def test_resuming_where_there_is_nothing_begins(dataset, open_body, tmp_path):
    recipe = changed(AUGMENTED, optimiser={"steps": 2})
    assert go(recipe, dataset, tmp_path / "run", open_body, resume=True).step == 2
    assert go(recipe, dataset, tmp_path / "run", open_body, resume=True).step == 2, "nothing is left to do"


def command(recipe, data, out, *extra, processes=1):
    start = [sys.executable, "-m"]
    if processes > 1:
        start += ["torch.distributed.run", "--standalone", "--nproc-per-node", str(processes), "-m"]
    return [*start, "trainer.cli", str(recipe), "--data", str(data), "--out", str(out), "--device", "cpu", *extra]


@pytest.mark.slow
def test_a_killed_run_repeats_the_uninterrupted_loss_curve(whole, dataset, tmp_path):
    """SIGKILL after the first checkpoint: nothing is cleaned up, and nothing needs to be."""
    recipe = write_recipe(tmp_path / "recipe.yaml", AUGMENTED)
    out = tmp_path / "run"
    process = subprocess.Popen(command(recipe, dataset, out), cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not checkpoints_of(out) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert checkpoints_of(out)
    run = subprocess.run(
        command(recipe, dataset, out, "--resume"), cwd=ROOT, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert "done: step 6" in run.stdout
    assert curve(out) == curve(whole)


@pytest.mark.slow
def test_sigterm_ends_a_run_with_a_checkpoint_and_code_130(dataset, tmp_path):
    endless = changed(optimiser={"steps": 100_000}, records={"checkpoint_every_steps": 100_000})
    recipe = write_recipe(tmp_path / "recipe.yaml", endless)
    out = tmp_path / "run"
    quiet = {"stderr": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    process = subprocess.Popen(command(recipe, dataset, out), cwd=ROOT, **quiet)
    deadline = time.monotonic() + 120
    while not read_numbers(out) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130
    newest = checkpoints_of(out)[-1]
    assert read_training_about(newest).step == read_numbers(out)[-1]["step"]


@pytest.mark.slow
def test_two_processes_learn_what_one_does(dataset, tmp_path, open_body):
    """Gradients, loss terms and weights to 1e-5, though people are shared unevenly and one picture has none."""
    recipe = changed(
        RECIPE,
        optimiser={"batch_size": 4, "steps": 3, "learning_rate": 1e-3, "warmup_steps": 0},
        records={"checkpoint_every_steps": 1, "keep_checkpoints": 3},
        validation={"every_steps": 1},
    )
    go(recipe, dataset, tmp_path / "one", open_body)
    run = subprocess.run(
        command(write_recipe(tmp_path / "r.yaml", recipe), dataset, tmp_path / "two", processes=2),
        cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    for ours, theirs in zip(curve(tmp_path / "two"), curve(tmp_path / "one"), strict=True):
        assert ours.keys() == theirs.keys()
        for name in ours:
            if theirs[name] is None:
                assert ours[name] is None, name
            else:
                assert ours[name] == pytest.approx(theirs[name], rel=1e-5, abs=1e-7), name
    one, two = weights(tmp_path / "one", 1), weights(tmp_path / "two", 1)
    for name, value in one.items():
        if name.startswith("exp_avg."):  # a tenth of the first step's gradient
            scale = value.abs().max().clamp(min=1e-8)
            assert (two[name] - value).abs().max() <= 1e-5 * scale + 1e-9, name


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:torch")
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile wants a C++ compiler")
def test_a_compiled_backbone_learns_the_same(dataset, open_body, tmp_path):
    plain = changed(optimiser={"steps": 2}, validation={"every_steps": 2})
    for name, recipe in (("plain", plain), ("compiled", changed(plain, optimiser={"compile": True}))):
        go(recipe, dataset, tmp_path / name, open_body)
    for ours, theirs in zip(curve(tmp_path / "compiled"), curve(tmp_path / "plain"), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4, abs=1e-6)


def test_a_term_that_is_not_finite_stops_the_run_and_names_its_samples(dataset, open_body, tmp_path, monkeypatch):
    """A NaN in one picture's labels: the terms and that one's key are named, and the weights are still sound."""
    from trainer.data import batches

    bad = "s0_0000"
    pack = batches.pack

    def poison(examples):
        packed = pack(examples)
        for row, key in enumerate(packed.keys):
            if key == bad:
                packed.labels["transl"][packed.labels["image_of"] == row, 2] = float("nan")
        return packed

    monkeypatch.setattr(batches, "pack", poison)
    with pytest.raises(CheckFailed) as caught:
        go(changed(optimiser={"batch_size": 4}), dataset, tmp_path / "run", open_body)
    told = str(caught.value)
    assert "step 0: the loss is not finite in" in told
    assert "translation" in told
    assert f"Samples that bring it about: {bad} (" in told
    assert told.count("s0_") == 1, "the other samples are not blamed"


def test_a_gradient_that_is_not_finite_stops_the_run(dataset, open_body, tmp_path):
    recipe = changed(optimiser={"learning_rate": 1e30, "warmup_steps": 0, "clip_norm": None, "ema_decay": None})
    with pytest.raises(CheckFailed, match=r"step \d: the loss is (not finite in|finite, its gradient is not)"):
        go(recipe, dataset, tmp_path / "run", open_body)


def test_a_corrupt_sample_is_counted_and_named_by_the_run(open_body, tmp_path):
    keys = write_dataset(tmp_path / "d", open_body, counts=(1, 1, 1, 1))
    rewrite(shard(tmp_path / "d"), lambda files: DAMAGES["is not JSON"](files, keys[2]))
    with pytest.raises(RecordError, match=f"{keys[2]}.json is not JSON"):
        go(RECIPE, tmp_path / "d", tmp_path / "strict", open_body)
    lenient = changed(data={"on_corrupt": "skip"})
    assert go(lenient, tmp_path / "d", tmp_path / "run", open_body).step == 6
    causes = [json.loads(line)["cause"] for line in (tmp_path / "run" / "corrupt.jsonl").read_text().splitlines()]
    assert len(causes) == 1, "named once, however often it comes"
    assert keys[2] in causes[0]
    assert [line["data/corrupt"] for line in read_numbers(tmp_path / "run") if "data/corrupt" in line][-1] == 1
    (tmp_path / "run" / "checkpoints" / "step-000000006").rename(tmp_path / "gone")
    go(lenient, tmp_path / "d", tmp_path / "run", open_body, resume=True)
    assert (tmp_path / "run" / "corrupt.jsonl").read_text().count("\n") == 1, "known from before the interruption"
    with pytest.raises(CheckFailed, match=r"1 samples are corrupt, more than data.max_corrupt = 0"):
        go(changed(data={"on_corrupt": "skip", "max_corrupt": 0}), tmp_path / "d", tmp_path / "none", open_body)


def test_a_checkpoint_is_a_model_that_says_where_it_is_from(whole, body_layer, open_body):
    folder = checkpoints_of(whole)[-1]
    model, about = load_model(folder, body_layer)
    assert about.model == RECIPE.model
    assert about.origin["step"] == 6
    assert about.origin["body_sha256"] == open_body.sha256
    assert about.origin["data"][0]["name"] == "small"
    assert about.origin["recipe"]["optimiser"]["batch_size"] == 2
    assert about.licence
    stored = weights(whole, 6)
    assert not any("v_template" in name or "posedirs" in name for name in stored), "no licensed arrays"
    assert sum(p.numel() for p in model.parameters()) > 0
    assert [path.suffix for path in sorted(folder.iterdir())] == [".json", ".safetensors", ".json", ".safetensors"]


def test_starting_from_weights_keeps_their_origin_and_licence(whole, dataset, open_body, tmp_path):
    folder = checkpoints_of(whole)[-1]
    recipe = changed(start_from=str(folder), optimiser={"learning_rate": 0.0, "steps": 1, "ema_decay": None})
    go(recipe, dataset, tmp_path / "run", open_body)
    about = json.loads((checkpoints_of(tmp_path / "run")[-1] / "model.json").read_text())
    assert about["origin"]["started_from"]["origin"]["step"] == 6
    before, after = weights(whole, 6), weights(tmp_path / "run", 1)
    of_training = ("weights.", "exp", "random.")
    assert all(torch.equal(after[name], before[name]) for name in after if not name.startswith(of_training))
    other = changed(recipe, model={"depth": "reference"})
    with pytest.raises(CheckpointError, match="another network than the recipe's model .depth"):
        go(other, dataset, tmp_path / "other", open_body)


@pytest.fixture
def copied(whole, tmp_path):
    """A run of one's own to spoil."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def test_resuming_with_another_recipe_or_other_data_is_refused(copied, dataset, open_body, tmp_path):
    assert copied == tmp_path / "run"
    with pytest.raises(ConfigError, match=r"optimiser.learning_rate: 0.001 before, 0.01 now"):
        go(changed(AUGMENTED, optimiser={"learning_rate": 0.01}), dataset, tmp_path / "run", open_body, resume=True)
    harmless = changed(AUGMENTED, data={"prefetch": 9}, records={"keep_checkpoints": 9})
    assert go(harmless, dataset, tmp_path / "run", open_body, resume=True).step == 6
    write_dataset(tmp_path / "small", open_body, counts=(1, 1, 1), seed=3)
    with pytest.raises(ConfigError, match="was trained on other data"):
        go(AUGMENTED, tmp_path / "small", tmp_path / "run", open_body, resume=True)
    with pytest.raises(ConfigError, match="holds a run already: --resume"):
        go(AUGMENTED, dataset, tmp_path / "run", open_body)


@pytest.mark.parametrize(
    ("file", "damage", "told"),
    [
        ("training.safetensors", lambda data: data[:-100], "not a whole safetensors file"),
        ("training.safetensors", lambda data: b"\x80\x04" + data, "not a whole safetensors file"),
        ("training.json", lambda data: data[:-10], "not JSON"),
        ("training.json", lambda data: data.replace(b'"version": 1', b'"version": 7'), "version 7"),
        ("training.json", lambda data: data.replace(b'"step"', b'"steps"'), "no such key 'steps'"),
    ],
)
def test_damaged_checkpoints_are_refused(copied, dataset, open_body, file, damage, told):
    path = checkpoints_of(copied)[-1] / file
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(CheckpointError, match=told):
        go(AUGMENTED, dataset, copied, open_body, resume=True)


def test_a_batch_that_processes_cannot_share_is_refused(dataset, open_body, tmp_path):
    request = RunRequest(recipe=RECIPE, sources=parse_sources([str(dataset)], []), out=tmp_path / "r", resume=False)
    with pytest.raises(ConfigError, match="batch_size is 2, which 3 processes"):
        train(request, open_body, replace(ALONE, world_size=3))


def test_the_command_says_what_is_wrong_in_one_line(dataset, tmp_path):
    recipe = tmp_path / "r.yaml"
    recipe.write_text("name: x\noptimiser: {learning_rat: 1}\n")
    run = subprocess.run(
        command(recipe, dataset, tmp_path / "o"), cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 2
    assert "r.yaml.optimiser: no such key 'learning_rat'. Did you mean 'learning_rate'?" in run.stderr
    assert "Traceback" not in run.stderr


def test_learning_rates_rise_then_follow_their_schedule():
    config = OptimiserConfig(steps=100, learning_rate=2.0, warmup_steps=10, schedule="cosine", final_factor=0.1)
    rates = np.array([learning_rate(config, step) for step in range(100)])
    assert np.allclose(rates[:10], 0.2 * np.arange(1, 11))
    assert rates.max() == rates[9] == rates[10] == 2.0
    assert (np.diff(rates[10:]) < 0).all()
    assert math.isclose(rates[-1], 0.2)
    assert {learning_rate(replace(config, schedule="constant"), step) for step in (10, 50, 99)} == {2.0}
