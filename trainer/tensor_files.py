"""Files of tensors: safetensors, and torch's own read without running what they name."""

import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from cuffs.errors import CheckpointError

MAX_FILE_BYTES = 2**34
"""Four times the largest model here in float32 with its optimiser."""

DAMAGE = (
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    struct.error,
    EOFError,
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What torch's reader raises for bytes that make no sense."""


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Tensors by name, on the CPU: from .safetensors, else from a torch file that holds nothing but them.

    Raises:
        CheckpointError: for any other content; nothing in the file is run.
    """
    if path.suffix != ".safetensors":
        return require_tensors(read_torch_file(path), path)
    _require_file(path)
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as problem:
        raise CheckpointError(f"{path} is not a whole safetensors file: {problem}") from problem


def read_torch_file(path: Path, *, stand_ins: Mapping[str, type] | None = None) -> object:
    """What `torch.save` wrote, where that is plain data and tensors.

    Args:
        path: the file.
        stand_ins: classes of ours, without behaviour, by the name of the class that the file may name instead.

    Raises:
        CheckpointError: if it is damaged, packed, or names anything else; nothing in the file is run.
    """
    _require_file(path)
    _refuse_packed(path)
    allowed: list[Callable | tuple[Callable, str]] = [(cls, name) for name, cls in (stand_ins or {}).items()]
    try:
        with torch.serialization.safe_globals(allowed), warnings.catch_warnings():
            # Of a foreign pickle's protocol; whether it can be read is told by reading it.
            warnings.filterwarnings("ignore", message="Detected pickle protocol")
            return torch.load(path, map_location="cpu", weights_only=True)
    except DAMAGE as problem:
        named = re.search(r"GLOBAL ([\w.]+)", str(problem))
        found = f"it names {named[1]}, which is more than data" if named else _first_line(problem)
        raise CheckpointError(f"{path} can't be read as a torch file: {found}. Nothing in it was run.") from problem


def require_tensors(data: object, where: object) -> dict[str, Tensor]:
    """The same, if it is tensors by name.

    Raises:
        CheckpointError: if not.
    """
    if not isinstance(data, Mapping) or not data:
        raise CheckpointError(f"{where}: expected tensors by name, found {type(data).__name__}.")
    for name, value in data.items():
        if not isinstance(name, str) or not isinstance(value, Tensor):
            raise CheckpointError(f"{where}: expected tensors by name, found {name!r}: {type(value).__name__}.")
    return dict(data)


def check_tensors(
    own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], *, where: object, ignored: Collection[str] = ()
) -> tuple[str, ...]:
    """Refuse tensors that a module can't be filled with: every one that it has must be there, in exactly its shape.

    Args:
        own: the module's, by name; only shapes and dtypes are looked at.
        tensors: what should fill it.
        where: the file, for messages.
        ignored: beginnings of names that may be there and aren't wanted.

    Returns:
        Names that the module has no use for, ignored ones left out.

    Raises:
        CheckpointError: naming tensors that are missing, of another shape, not of numbers, or not finite.
    """
    missing = sorted(own.keys() - tensors.keys())
    if missing:
        raise CheckpointError(f"{where}: {len(missing)} tensors are missing: {_list(missing)}.")
    wrong = [
        f"{name} is {tuple(tensors[name].shape)}, not {tuple(value.shape)}"
        for name, value in own.items()
        if tensors[name].shape != value.shape
    ]
    if wrong:
        raise CheckpointError(f"{where}: {len(wrong)} tensors have another shape: {_list(wrong, '; ')}.")
    _require_numbers({name: tensors[name] for name in own}, own, where)
    return tuple(sorted(name for name in tensors.keys() - own.keys() if not name.startswith(tuple(ignored))))


def fill(
    module: nn.Module, tensors: Mapping[str, Tensor], *, where: object, ignored: Collection[str] = ()
) -> tuple[str, ...]:
    """Copy tensors into a module, after `check_tensors`, whose arguments and result these are."""
    own = module.state_dict()
    extras = check_tensors(own, tensors, where=where, ignored=ignored)
    module.load_state_dict({name: tensors[name].to(value.dtype) for name, value in own.items()})
    return extras


def _require_numbers(tensors: Mapping[str, Tensor], own: Mapping[str, Tensor], where: object) -> None:
    for name, value in tensors.items():
        if value.layout != torch.strided or value.is_floating_point() != own[name].is_floating_point():
            raise CheckpointError(f"{where}: {name} holds {value.dtype}, {value.layout}, not {own[name].dtype}.")
        if not torch.isfinite(value).all():
            bad = int((~torch.isfinite(value)).sum())
            raise CheckpointError(f"{where}: {name} has {bad} values that are not finite.")


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise CheckpointError(f"{path} is not {'a file' if path.exists() else 'there'}.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise CheckpointError(f"{path} has {path.stat().st_size} bytes; no model here needs that many.")


def _refuse_packed(path: Path) -> None:
    """torch stores its members as they are; a packed one can be small here and endless in memory."""
    try:
        if not zipfile.is_zipfile(path):
            return
        with zipfile.ZipFile(path) as archive:
            packed = [info.filename for info in archive.infolist() if info.compress_type != zipfile.ZIP_STORED]
    except DAMAGE as problem:
        raise CheckpointError(f"{path} is a damaged archive: {_first_line(problem)}.") from problem
    if packed:
        raise CheckpointError(f"{path} holds packed members, which torch never writes: {_list(packed)}.")


def _first_line(problem: BaseException) -> str:
    return (str(problem).strip().splitlines() or [type(problem).__name__])[0].rstrip(".")


def _list(names: list[str], separator: str = ", ") -> str:
    return separator.join(names[:8]) + (f"{separator}and {len(names) - 8} more" if len(names) > 8 else "")
