"""Files of tensors: whatever bytes they hold, reading ends with data or with one clear error."""

import pytest
import torch
from hypothesis import given, settings
from safetensors.torch import save_file

from cuffs.errors import CheckpointError
from tests.cuffs.strategies import rngs
from trainer.tensor_files import read_tensors, read_torch_file

TENSORS = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.zeros(1, dtype=torch.int64)}


@pytest.fixture(scope="module", params=["zip", "old", "safetensors"])
def sound(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / ("x.safetensors" if request.param == "safetensors" else "x.pth")
    if request.param == "safetensors":
        save_file(TENSORS, path)
    else:
        torch.save(TENSORS, path, _use_new_zipfile_serialization=request.param == "zip")
    return path


def test_what_was_written_is_read(sound):
    found = read_tensors(sound)
    assert found.keys() == TENSORS.keys()
    assert all(torch.equal(found[name], value) for name, value in TENSORS.items())


@given(rngs)
@settings(max_examples=300, deadline=None)
def test_random_damage_is_read_or_refused(sound, rng):
    data = bytearray(sound.read_bytes())
    for place in rng.integers(0, len(data), rng.integers(1, 6)):
        data[place] = rng.integers(256)
    if rng.uniform() < 0.3:
        data = data[: rng.integers(len(data))]
    damaged = sound.with_name("damaged" + sound.suffix)
    damaged.write_bytes(data)
    try:
        found = read_tensors(damaged)
    except CheckpointError as problem:
        assert str(damaged) in str(problem)
    else:
        assert all(isinstance(value, torch.Tensor) for value in found.values())


@pytest.mark.parametrize("data", [[1, 2], {"a": 1}, {1: torch.zeros(1)}, {}, None])
def test_a_torch_file_of_something_else_is_read_as_data_but_not_as_tensors(data, tmp_path):
    torch.save(data, tmp_path / "x.pth")
    read_torch_file(tmp_path / "x.pth")
    with pytest.raises(CheckpointError, match="expected tensors by name"):
        read_tensors(tmp_path / "x.pth")
