"""Released Multi-HMR checkpoints into our own form, quirks kept as named switches. Nothing of the file is run."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cuffs.errors import CheckpointError
from cuffs.publish import explained, publish_folder
from trainer.backbone.vit import SHAPES
from trainer.model.config import PATCH, BackboneConfig, BackboneName, ModelConfig, RayConfig
from trainer.model.mean import neutral_person
from trainer.model.network import Weights
from trainer.model_folder import write_model
from trainer.tensor_files import check_tensors, read_torch_file, require_tensors

LICENCE = "CC BY-NC-SA 4.0 (NAVER Multi-HMR checkpoint); the body model it needs has a licence of its own"
BODY_ARRAYS = ("smpl_layer.",)
"""Licensed body-model arrays inside the released files: never read, never written."""


RELEASED: tuple[BackboneName, ...] = ("dinov2_vits14", "dinov2_vitb14", "dinov2_vitl14")


class NamespaceStandIn:
    """Takes the place of `argparse.Namespace` in a checkpoint: keeps what was set, does nothing."""

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, Mapping):
            raise TypeError("a Namespace without fields")
        self.values = {str(name): value for name, value in state.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import found."""

    model: ModelConfig
    num_tensors: int
    num_body_arrays: int
    """Left out: `smpl_layer.*`."""

    extras: tuple[str, ...]
    """Tensors that the network has no use for; left out."""

    args: Mapping[str, Any]
    """The training's own settings, as far as they are plain values."""


def import_checkpoint(path: Path, out: Path) -> ImportReport:
    """Read a released `multiHMR_*.pt` and write a model folder.

    Args:
        path: the checkpoint.
        out: a new folder.

    Raises:
        CheckpointError: if it is damaged, hostile, another model, or not exactly of the released layout.
        OutputError: if `out` can't be written.
    """
    if out.exists():
        raise CheckpointError(f"{out} exists already: name a new folder, or remove it.")
    data = read_torch_file(path, stand_ins={"argparse.Namespace": NamespaceStandIn})
    if not isinstance(data, Mapping) or "model_state_dict" not in data:
        found = ", ".join(map(str, list(data)[:8])) if isinstance(data, Mapping) else type(data).__name__
        raise CheckpointError(f"{path} is no Multi-HMR checkpoint: it has no model_state_dict. It holds {found}.")
    tensors = require_tensors(data["model_state_dict"], f"{path}: model_state_dict")
    args = _plain_args(data.get("args"))
    _refuse_anny(tensors, path)
    model = released_config(tensors, where=path)
    _agree(model, args, path)
    own = _shapes(model)
    extras = check_tensors(own, tensors, where=path, ignored=BODY_ARRAYS)
    origin = {
        "imported_from": path.name,
        "sha256": _sha256(path),
        "epoch": _plain(data.get("epoch")),
        "iter": _plain(data.get("iter")),
        "args": args,
        "extras": list(extras),
    }
    with explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    with publish_folder(out) as scratch:
        write_model(
            scratch, {name: tensors[name].float() for name in own}, model=model, origin=origin, licence=LICENCE
        )  # fmt: skip
    num_body_arrays = sum(name.startswith(BODY_ARRAYS) for name in tensors)
    return ImportReport(
        model=model, num_tensors=len(own), num_body_arrays=num_body_arrays, extras=extras, args=args
    )  # fmt: skip


def released_config(tensors: Mapping[str, Tensor], *, where: object) -> ModelConfig:
    """The configuration that tensors of the released layout belong to, quirks switched on.

    Raises:
        CheckpointError: if the tensors that tell are missing or tell of no network here.
    """
    table, token = "x_attention_head.cross_queries_x", "backbone.encoder.cls_token"
    for name, rank in ((table, 2), (token, 3)):
        if name not in tensors or tensors[name].dim() != rank:
            raise CheckpointError(f"{where} is no Multi-HMR checkpoint: {name} is missing or of another shape.")
    width = tensors[token].shape[-1]
    prefix = "backbone.encoder.blocks."
    num_blocks = len({name.removeprefix(prefix).split(".")[0] for name in tensors if name.startswith(prefix)})
    sizes: dict[tuple[int, int], BackboneName] = {
        (SHAPES[name].width, SHAPES[name].num_blocks): name for name in RELEASED
    }
    if (width, num_blocks) not in sizes:
        raise CheckpointError(f"{where}: no released backbone has {num_blocks} blocks of width {width}.")
    num_patches = tensors[table].shape[0]
    if num_patches < 1:
        raise CheckpointError(f"{where}: {table} is empty.")
    return ModelConfig(
        image_side=num_patches * PATCH,
        backbone=BackboneConfig(name=sizes[width, num_blocks]),
        rays=RayConfig(kind="reference", swap_patch_axes=True),
        depth="reference",
    )


def _shapes(model: ModelConfig) -> dict[str, Tensor]:
    """The network's tensors without memory."""
    mean = neutral_person()
    with torch.device("meta"):
        return Weights(model, mean).state_dict()


def _refuse_anny(tensors: Mapping[str, Tensor], path: Path) -> None:
    telling = [name for name in tensors if "anny" in name.lower()]
    if telling:
        raise CheckpointError(
            f"{path} is the Anny variant of Multi-HMR (it has {telling[0]}): another body model, another network. "
            "Import one of the SMPL-X checkpoints."
        )


def _agree(model: ModelConfig, args: Mapping[str, Any], path: Path) -> None:
    """Refuse a file whose settings tell of another network than its tensors."""
    side = model.image_side
    expected = {"img_size": [side, [side], [side, side]], "backbone": [model.backbone.name], "num_betas": [10]}
    for name, allowed in expected.items():
        if args.get(name) is not None and args[name] not in allowed:
            raise CheckpointError(f"{path}: args.{name} is {args[name]!r}, but its tensors are for {allowed[0]!r}.")


def _plain_args(args: object) -> dict[str, Any]:
    if not isinstance(args, NamespaceStandIn) or not hasattr(args, "values"):
        return {}
    return {name: _plain(value) for name, value in args.values.items()}


def _plain(value: object) -> Any:
    """A value as JSON has it; what is none is named by its kind."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return f"<{type(value).__name__}>"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
