"""Checkpoints: a model folder that any of our commands reads, and beside it all that going on needs. No pickle.

`step-000001000/`
  model.safetensors, model.json   the network to be used (the moving mean, where there is one): see `model_folder.py`
  training.safetensors            the weights that are trained, Adam's moments, torch's random state
  training.json                   step, recipe, data, body model
"""

import json
import logging
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.optim import AdamW

from cuffs.codec import decode, encode
from cuffs.errors import CheckpointError
from cuffs.publish import publish_folder
from trainer.model.config import ModelConfig
from trainer.model.network import MultiHmr
from trainer.model_folder import ABOUT as MODEL_ABOUT
from trainer.model_folder import write_model
from trainer.optimiser import MovingAverage
from trainer.tensor_files import check_tensors, fill, read_tensors

logger = logging.getLogger(__name__)

FORMAT, VERSION = "cuffs-training", 1
TENSORS, ABOUT = "training.safetensors", "training.json"
MOMENTS = ("exp_avg", "exp_avg_sq")
"""Adam's, one of each a parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataAbout:
    """One dataset that a run reads."""

    name: str
    shards: int
    samples: int
    content: str
    """Hash over the samples' own hashes, in order: the same only for the same pictures and labels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunAbout:
    """What a run is: the same from its first checkpoint to its last."""

    recipe: Mapping[str, Any]
    data: tuple[DataAbout, ...]
    body_model: str
    body_sha256: str
    started_from: Mapping[str, Any] | None
    """What is known of imported weights: file, hash, origin."""

    licence: str
    """Of the weights, as far as imports and data decide it."""

    versions: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAbout:
    """What `training.json` holds."""

    format: str
    version: int
    step: int
    """Steps done: the next one's number."""

    run: RunAbout
    num_averaged: int | None
    """Steps that the moving mean has seen; null: there is none."""

    def __post_init__(self) -> None:
        if (self.format, self.version) != (FORMAT, VERSION):
            raise CheckpointError(
                f"it is {self.format!r} version {self.version}; this program reads {FORMAT!r} version {VERSION}."
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trainee:
    """What changes from step to step."""

    model: MultiHmr
    optimiser: AdamW
    average: MovingAverage | None

    def best(self) -> MultiHmr:
        """The network to be looked at: the moving mean, where there is one."""
        return self.model if self.average is None else self.average.module


def checkpoints_of(run: Path) -> list[Path]:
    """The checkpoints of a run, oldest first. Unfinished ones are never seen: they have other names."""
    found = [path for path in (run / "checkpoints").glob("step-*") if re.fullmatch(r"step-\d{9}", path.name)]
    return sorted(found)


def find_model(path: Path) -> Path:
    """The model folder that a user means: itself, or the newest checkpoint of a run.

    Raises:
        CheckpointError: saying what to do if it is neither.
    """
    if (path / MODEL_ABOUT).is_file():
        return path
    if found := checkpoints_of(path):
        return found[-1]
    if path.is_file():
        raise CheckpointError(f"{path} is a file. Released .pt files: cuffs-import-checkpoint {path} --out FOLDER.")
    raise CheckpointError(
        f"{path} is neither a model folder (no {MODEL_ABOUT}) nor a run with checkpoints. Name a run's folder as "
        "cuffs-train --out made it, one of its checkpoints, or what cuffs-import-checkpoint wrote."
    )


def write_checkpoint(
    run: Path, trainee: Trainee, about: RunAbout, *, model: ModelConfig, step: int, keep: int
) -> Path:  # fmt: skip
    """Write a checkpoint, whole or not at all, then remove all but the newest `keep`.

    Raises:
        OutputError: if it can't be written; older ones are then untouched.
    """
    folder = run / "checkpoints" / f"step-{step:09d}"
    tensors = {f"weights.{name}": value for name, value in trainee.model.state_dict().items()}
    tensors |= _moments(trainee) | _random_state()
    state = TrainingAbout(
        format=FORMAT,
        version=VERSION,
        step=step,
        run=about,
        num_averaged=None if trainee.average is None else trainee.average.num_steps,
    )
    origin = {"step": step, **encode(about)}
    with publish_folder(folder) as scratch:
        write_model(scratch, trainee.best().state_dict(), model=model, origin=origin, licence=about.licence)
        save_file(
            {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}, scratch / TENSORS
        )
        (scratch / ABOUT).write_text(json.dumps(encode(state), indent=1) + "\n", encoding="utf-8")
    for old in checkpoints_of(run)[:-keep]:
        shutil.rmtree(old)
    logger.info("step %d: checkpoint %s", step, folder)
    return folder


def read_training_about(folder: Path) -> TrainingAbout:
    """What a checkpoint says of its run.

    Raises:
        CheckpointError: if it is none that training can go on from.
    """
    path = folder / ABOUT
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CheckpointError(f"{path} can't be read ({problem.strerror}): training can't go on from it.") from None
    except (ValueError, RecursionError) as problem:
        raise CheckpointError(f"{path} is not JSON: {problem}") from None
    return decode(TrainingAbout, data, where=str(path), error=CheckpointError)


def restore(folder: Path, trainee: Trainee, about: TrainingAbout) -> None:
    """Bring weights, moments, moving mean and torch's random state back to where a checkpoint was written.

    Raises:
        CheckpointError: naming what is missing, damaged or of another shape.
    """
    path = folder / TENSORS
    tensors = read_tensors(path)
    fill(trainee.model, _below(tensors, "weights."), where=path)
    wanted = _empty_moments(trainee) | _random_state()
    check_tensors(wanted, {name: tensors[name] for name in tensors.keys() & wanted.keys()}, where=path)
    for name, parameter in trainee.model.named_parameters():
        state = trainee.optimiser.state[parameter]
        state["step"] = torch.tensor(float(about.step), device=parameter.device)
        for moment in MOMENTS:
            state[moment] = tensors[f"{moment}.{name}"].to(parameter.device)
    if (trainee.average is None) is not (about.num_averaged is None):
        raise CheckpointError(f"{folder}: a moving mean is kept by only one of the recipe and the checkpoint.")
    if trainee.average is not None and about.num_averaged is not None:
        fill(trainee.average.module, read_tensors(folder / "model.safetensors"), where=folder / "model.safetensors")
        trainee.average.num_steps = about.num_averaged
    torch.set_rng_state(tensors["random.cpu"])
    for number in range(torch.cuda.device_count() if "random.cuda0" in tensors else 0):
        torch.cuda.set_rng_state(tensors["random.cuda0"], number)


def _moments(trainee: Trainee) -> dict[str, Tensor]:
    """A parameter that no loss has reached yet has none: zeros, as Adam would start with."""
    state = trainee.optimiser.state
    return {
        f"{moment}.{name}": state[parameter][moment] if state[parameter] else torch.zeros_like(parameter)
        for name, parameter in trainee.model.named_parameters()
        for moment in MOMENTS
    }


def _empty_moments(trainee: Trainee) -> dict[str, Tensor]:
    return {
        f"{moment}.{name}": parameter.detach()
        for name, parameter in trainee.model.named_parameters()
        for moment in MOMENTS
    }


def _random_state() -> dict[str, Tensor]:
    found = {"random.cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        found["random.cuda0"] = torch.cuda.get_rng_state()
    return found


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
