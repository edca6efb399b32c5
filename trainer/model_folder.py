"""A network as a folder: `model.safetensors` and `model.json`, which says how to build it and where it is from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from cuffs.codec import decode, encode
from cuffs.errors import CheckpointError
from trainer.body_model import SmplxLayer
from trainer.model.config import ModelConfig
from trainer.model.mean import neutral_person
from trainer.model.network import MultiHmr
from trainer.tensor_files import fill, read_tensors

FORMAT, VERSION = "cuffs-multi-hmr", 1
TENSORS, ABOUT = "model.safetensors", "model.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAbout:
    """What `model.json` holds."""

    format: str
    version: int
    model: ModelConfig
    origin: Mapping[str, Any]
    """Where the weights are from: file, hash, training state; free of form."""

    licence: str
    """Of the weights, and of what they were imported from."""

    sha256: str
    """Of `model.safetensors`."""

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise CheckpointError(f"format is {self.format!r}, not {FORMAT!r}.")
        if self.version != VERSION:
            raise CheckpointError(f"version is {self.version}; this program reads version {VERSION}.")


def write_model(
    folder: Path, tensors: Mapping[str, Tensor], *, model: ModelConfig, origin: Mapping[str, Any], licence: str
) -> None:
    """Write both files into a folder that exists; publish it whole around this (`cuffs.publish.publish_folder`)."""
    own = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    save_file(own, folder / TENSORS)
    about = ModelAbout(
        format=FORMAT, version=VERSION, model=model, origin=origin, licence=licence, sha256=_sha256(folder / TENSORS)
    )
    (folder / ABOUT).write_text(json.dumps(encode(about), indent=2, allow_nan=False) + "\n", encoding="utf-8")


def read_about(folder: Path) -> ModelAbout:
    """What a model folder says of itself.

    Raises:
        CheckpointError: if there is none, or it is of another form.
    """
    path = folder / ABOUT
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise CheckpointError(f"{folder} is no model folder: {path.name} can't be read ({problem.strerror}).") from None
    except (ValueError, RecursionError) as problem:
        raise CheckpointError(f"{path} is not JSON: {problem}") from None
    return decode(ModelAbout, data, where=str(path), error=CheckpointError)


def load_model(folder: Path, body: SmplxLayer) -> tuple[MultiHmr, ModelAbout]:
    """The network of a folder, on the CPU, in evaluation mode.

    Raises:
        CheckpointError: if anything in it is missing, damaged or doesn't fit.
    """
    about = read_about(folder)
    path = folder / TENSORS
    tensors = read_tensors(path)
    if _sha256(path) != about.sha256:
        raise CheckpointError(f"{path} is not the file that {ABOUT} describes: its hash is another. Import it again.")
    with torch.random.fork_rng(devices=[]):
        model = MultiHmr(about.model, body, neutral_person())
    extras = fill(model, tensors, where=path)
    if extras:
        raise CheckpointError(f"{path}: the network has no use for {', '.join(extras[:8])}.")
    return model.eval(), about


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
