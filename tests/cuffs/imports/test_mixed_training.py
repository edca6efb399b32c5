"""Our shards and imported ones in one training, as the paper mixes its four sets."""

import math

import pytest

from tests.trainer.runs import ALONE, RECIPE, changed
from tests.trainer.shards import write_dataset
from trainer.journal import read_numbers
from trainer.prepare import parse_sources
from trainer.train import RunRequest, train


@pytest.mark.slow
def test_a_step_on_rendered_and_imported_people_together(imported, smplx_model, tmp_path):
    write_dataset(tmp_path / "rendered", smplx_model, counts=(1, 2, 1), splits=("train", "val", "train"))
    data = {"cuffs": tmp_path / "rendered", **imported}
    request = RunRequest(
        recipe=changed(RECIPE, optimiser={"steps": 2, "batch_size": 8}, validation={"every_steps": 2}),
        sources=parse_sources([f"{name}={folder}" for name, folder in data.items()], []),
        out=tmp_path / "run",
        resume=False,
    )
    end = train(request, smplx_model, ALONE, stop_wanted=lambda: False)
    assert (end.step, end.stopped) == (2, False)
    losses = [line for line in read_numbers(tmp_path / "run") if "train/loss" in line]
    assert len(losses) == 2
    assert all(math.isfinite(value) for line in losses for value in line.values())
    assert not any(line.get("data/corrupt") for line in losses)
