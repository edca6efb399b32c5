"""What stands for pandas, torch and numpy in AGORA's pickles, so that none of them is called with what a file says.

Dataframes were written by many versions of pandas, which read each other's badly; fits may hold torch tensors from a
GPU, which torch only reads beside a GPU. Both are plain numbers in layouts that changed little.
"""

import io
import math
import pickle
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from cuffs.unpickle import Names, unpickle_plain

MAX_AXES: Final = 8
MAX_COLUMNS: Final = 1000
TORCH_MAGIC: Final = 0x1950A86A20F9469CFC6C
"""Begins what `torch.save` wrote before it wrote archives; storages inside of pickles still are written so."""

STORAGES: Final[Mapping[str, str]] = {
    "FloatStorage": "<f4", "DoubleStorage": "<f8", "HalfStorage": "<f2", "LongStorage": "<i8", "IntStorage": "<i4",
    "ShortStorage": "<i2", "CharStorage": "<i1", "ByteStorage": "<u1", "BoolStorage": "?",
}  # fmt: skip


class PlainArray(np.ndarray):
    """An array as numpy pickles it; one whose bytes were left out is empty."""

    def __setstate__(self, state: Any) -> None:
        if len(state) == 5 and not len(state[4]) and math.prod(state[1]):
            return
        super().__setstate__(state)


def _from_buffer(buffer: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    """numpy's way in protocol 5."""
    if not len(buffer) and math.prod(shape):
        return np.zeros(0, dtype)
    return np.frombuffer(buffer, np.dtype(dtype)).reshape(shape, order="F" if order == "F" else "C")


def _slice(*bounds: Any) -> slice:
    return slice(*bounds)


class StorageKind:
    """A kind of storage, named in a pickle."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)


class _Storage:
    """A tensor's numbers, filled in when the bytes behind the pickle are read. Where they lay is of no concern."""

    def __init__(self, kind: StorageKind, count: int) -> None:
        self.kind, self.count = kind, count
        self.numbers = np.zeros(0, kind.dtype)


def _load_from_bytes(data: Any) -> object:
    """`torch.storage._load_from_bytes`: a magic number, a version, the system, the object, keys, then the bytes."""
    if not isinstance(data, (bytes, bytearray)):
        raise pickle.UnpicklingError("a tensor without bytes")
    stream, storages = io.BytesIO(data), {}

    def storage(pid: object) -> _Storage:
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or not isinstance(pid[1], StorageKind):
            raise pickle.UnpicklingError("a tensor of a kind that is not known")
        return storages.setdefault(str(pid[2]), _Storage(pid[1], int(pid[4])))

    if unpickle_plain(stream) != TORCH_MAGIC:
        raise pickle.UnpicklingError("a tensor in a layout that is not known; save the fit again with numpy arrays")
    for _ in ("version", "system"):
        unpickle_plain(stream)
    found = unpickle_plain(stream, further=TORCH, persistent=storage)
    for key in unpickle_plain(stream):
        count = int.from_bytes(stream.read(8), "little", signed=True)
        one = storages.get(str(key))
        if one is None or count != one.count or count < 0 or count * one.kind.dtype.itemsize > len(data):
            raise pickle.UnpicklingError("a tensor whose numbers are not where it says")
        one.numbers = np.frombuffer(stream.read(count * one.kind.dtype.itemsize), one.kind.dtype)
    return found


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: object) -> np.ndarray:
    """`torch._utils._rebuild_tensor_v2`: a view of a storage. Gradients and hooks are left out."""
    sizes, strides = [int(one) for one in size], [int(one) for one in stride]
    if not isinstance(storage, _Storage) or len(sizes) != len(strides) or len(sizes) > MAX_AXES:
        raise pickle.UnpicklingError("a tensor in a layout that is not known")
    if min([*sizes, *strides, int(offset)], default=0) < 0:
        raise pickle.UnpicklingError("a tensor with negative sizes")
    last = int(offset) + sum((one - 1) * step for one, step in zip(sizes, strides, strict=True))
    if math.prod(sizes) > len(storage.numbers) or (math.prod(sizes) and last >= len(storage.numbers)):
        raise pickle.UnpicklingError("a tensor that is larger than its numbers")
    width = storage.numbers.itemsize
    start = storage.numbers[min(int(offset), len(storage.numbers)) :]
    return np.lib.stride_tricks.as_strided(start, sizes, [width * step for step in strides]).copy()


def _parameter(data: Any, *_: object) -> np.ndarray:
    return np.asarray(data)


TORCH: Final[Names] = {
    "torch.storage": {"_load_from_bytes": _load_from_bytes},
    "torch._utils": {
        "_rebuild_tensor_v2": _tensor,
        "_rebuild_tensor": _tensor,
        "_rebuild_parameter": _parameter,
    },
    **{module: {name: StorageKind(dtype) for name, dtype in STORAGES.items()} for module in ("torch", "torch.cuda")},
}


class Index:
    """Names of rows or columns."""

    def __init__(self, names: Sequence[Any]) -> None:
        self.names = names


class _NamedIndex:
    """A kind of index, named in a pickle."""


def _new_index(_: object, state: Any) -> Index:
    """`pandas.core.indexes.base._new_Index`."""
    if "data" in state:
        return Index(np.asarray(state["data"]).tolist())
    return Index(range(int(state["start"]), int(state["stop"]), int(state["step"]) or 1))


class _Block:
    """Some columns of one type."""

    def __init__(self, values: Any, places: Any, *_: object) -> None:
        self.values, self.places = values, places


class _Manager:
    """pandas' BlockManager: since 1.3 made of blocks and axes, before with a state of four parts."""

    def __init__(self, blocks: Any = (), axes: Any = ()) -> None:
        self.blocks, self.axes = blocks, axes

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) == 4:
            kept = state[3]["0.14.1"]
            self.axes = kept["axes"]
            self.blocks = [_Block(block["values"], block["mgr_locs"]) for block in kept["blocks"]]


class Frame:
    """pandas' DataFrame."""

    def __setstate__(self, state: Any) -> None:
        self.manager = state.get("_mgr", state.get("_data"))

    def columns(self) -> dict[str, np.ndarray]:
        """Values by the column's name.

        Raises:
            UnpicklingError: of the pickle module, if the parts don't fit together.
        """
        manager = getattr(self, "manager", None)
        if not isinstance(manager, _Manager) or len(manager.axes) != 2 or not isinstance(manager.axes[0], Index):
            raise pickle.UnpicklingError("a dataframe in a layout that is not known")
        if len(manager.axes[0].names) > MAX_COLUMNS:
            raise pickle.UnpicklingError(f"a dataframe of {len(manager.axes[0].names)} columns")
        names, found = list(manager.axes[0].names), {}
        for block in manager.blocks:
            values = np.asarray(block.values)
            numbers = np.arange(len(names))[block.places]
            if values.ndim != 2 or len(numbers) != len(values):
                raise pickle.UnpicklingError("a dataframe whose columns don't fit its names")
            found |= {str(names[number]): row for number, row in zip(numbers, values, strict=True)}
        return found


PANDAS: Final[Names] = {
    "pandas": {"DataFrame": Frame, "Index": _NamedIndex, "RangeIndex": _NamedIndex},  # since pandas 3
    "pandas.core.frame": {"DataFrame": Frame},
    "pandas.core.internals.managers": {"BlockManager": _Manager},
    "pandas.core.internals": {"BlockManager": _Manager},
    "pandas._libs.internals": {"_unpickle_block": _Block},
    "pandas.core.indexes.base": {"_new_Index": _new_index, "Index": _NamedIndex},
    "pandas.core.indexes.range": {"RangeIndex": _NamedIndex},
    "pandas.core.indexes.numeric": {"Int64Index": _NamedIndex, "Float64Index": _NamedIndex},
}

_ARRAYS: Final[Mapping[str, Any]] = {"_frombuffer": _from_buffer}
NUMPY: Final[Names] = {
    "numpy": {"ndarray": PlainArray},
    "numpy.core.numeric": _ARRAYS,
    "numpy._core.numeric": _ARRAYS,
    "builtins": {"slice": _slice},
    "__builtin__": {"slice": _slice},
}

AGORA: Final[Names] = {**NUMPY, **PANDAS, **TORCH}
