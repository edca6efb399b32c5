"""Pickles from outside, read without running their code: only what plain arrays need may be named.

Sparse matrices become `SparseTable`s of our own: nothing of scipy is called, whatever version wrote the file.
"""

import io
import pickle
from collections import OrderedDict
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np

from cuffs.errors import AssetBroken


class SparseTable:
    """A sparse matrix as it was pickled: row- or column-wise lists of numbers, not checked before `toarray`."""

    is_by_column = True

    def __setstate__(self, state: object) -> None:
        self._state = state

    def toarray(self) -> np.ndarray:
        """The whole matrix.

        Raises:
            ValueError: if the lists don't fit together.
        """
        return self.tosparse().toarray()

    def tosparse(self) -> Any:
        """The matrix as scipy's, its lists checked.

        Raises:
            ValueError: if the lists don't fit together.
        """
        from scipy.sparse import csc_matrix, csr_matrix

        state = getattr(self, "_state", None)
        if not isinstance(state, Mapping):
            raise ValueError("a sparse matrix without content")
        parts = [np.asarray(state.get(name)) for name in ("data", "indices", "indptr")]
        shape = tuple(int(size) for size in state.get("_shape") or state.get("shape") or ())
        if len(shape) != 2 or any(part.dtype.kind not in "iuf" for part in parts) or np.prod(shape) > 2**28:
            raise ValueError(f"a sparse matrix of shape {shape} with lists that are no numbers")
        matrix = (csc_matrix if self.is_by_column else csr_matrix)(tuple(parts), shape=shape)
        matrix.check_format(full_check=True)
        return matrix


class _ByRow(SparseTable):
    is_by_column = False


def _empty(kind: object, base: object, state: object) -> object:
    """What `copyreg._reconstructor` does, for sparse matrices alone: an object that waits for its content."""
    if isinstance(kind, type) and issubclass(kind, SparseTable) and base is object and state is None:
        return kind()
    raise pickle.UnpicklingError("it makes an object that is more than data")


def _encode(text: object, encoding: object) -> bytes:
    """`_codecs.encode` as bytes are pickled in old protocols."""
    if isinstance(text, str) and encoding == "latin1":
        return text.encode("latin1")
    raise pickle.UnpicklingError("it encodes text in a way that data has no need of")


_CORE = "numpy._core" if np.lib.NumpyVersion(np.__version__) >= "2.0.0" else "numpy.core"
_MULTIARRAY, _NUMERIC = (import_module(f"{_CORE}.{name}") for name in ("multiarray", "numeric"))
_ARRAYS: Mapping[str, Any] = {"_reconstruct": _MULTIARRAY._reconstruct, "scalar": _MULTIARRAY.scalar}
_BUFFERS: Mapping[str, Any] = {"_frombuffer": _NUMERIC._frombuffer}

ALLOWED: Mapping[str, Mapping[str, type | Callable[..., Any]]] = {
    "numpy": {"ndarray": np.ndarray, "dtype": np.dtype},
    "numpy.core.multiarray": _ARRAYS,
    "numpy._core.multiarray": _ARRAYS,
    "numpy.core.numeric": _BUFFERS,
    "numpy._core.numeric": _BUFFERS,
    "scipy.sparse.csc": {"csc_matrix": SparseTable},
    "scipy.sparse._csc": {"csc_matrix": SparseTable},
    "scipy.sparse.csr": {"csr_matrix": _ByRow},
    "scipy.sparse._csr": {"csr_matrix": _ByRow},
    "collections": {"OrderedDict": OrderedDict},
    "copy_reg": {"_reconstructor": _empty},
    "copyreg": {"_reconstructor": _empty},
    "__builtin__": {"object": object, "set": set},
    "builtins": {"object": object, "set": set},
    "_codecs": {"encode": _encode},
}
"""Modules and names that arrays, sparse matrices and dicts are pickled with, and what stands for them here. None of it
runs what it is given; no name is ever imported."""


@runtime_checkable
class ByteStream(Protocol):
    """What bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, or what is left."""
        ...

    def readline(self) -> bytes:
        """Bytes up to the end of the line."""
        ...


Names = Mapping[str, Mapping[str, Any]]
"""By module and name: what stands for them."""


class _Refusing(pickle.Unpickler):
    """An unpickler that knows arrays, what its caller says beside them, and nothing else."""

    def __init__(self, stream: ByteStream, further: Names, persistent: Callable[[object], object] | None) -> None:
        super().__init__(stream, encoding="latin1")
        self._further = further
        self._persistent = persistent

    def persistent_load(self, pid: object) -> Any:
        if self._persistent is None:
            raise pickle.UnpicklingError("it refers to something outside of itself")
        return self._persistent(pid)

    def find_class(self, module: str, name: str) -> Any:
        found = self._further.get(module, {}).get(name) or ALLOWED.get(module, {}).get(name)
        if found is None:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is more than data")
        return found


DAMAGE = (
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
    OverflowError,
    MemoryError,
)
"""What numpy's and pickle's own parts raise for bytes that make no sense."""


def unpickle_plain(
    stream: ByteStream, *, further: Names = MappingProxyType({}), persistent: Callable[[object], object] | None = None
) -> Any:
    """The next pickle of a stream, where that is plain data; no code of it is run.

    Args:
        stream: bytes.
        further: names beside those of arrays, and what stands for them here. None of it may run what it is given.
        persistent: what stands for references to things outside of the pickle; None: there are none.

    Raises:
        UnpicklingError: of the pickle module, if it is anything else, or damaged.
    """
    try:
        return _Refusing(stream, further, persistent).load()
    except DAMAGE as problem:
        raise pickle.UnpicklingError(f"damaged ({type(problem).__name__}: {problem})") from problem


def read_pickle(path: Path, *, what: str, remedy: str, max_bytes: int = 2**31) -> Any:
    """What a pickle holds, where that is plain data: numbers, text, lists, dicts, numpy arrays, `SparseTable`s.

    Args:
        path: the file.
        what: it should be, for messages.
        remedy: what a user can do.
        max_bytes: larger files are refused.

    Raises:
        AssetBroken: if it is anything else, or damaged; no code of the file is run.
    """
    if path.stat().st_size > max_bytes:
        raise AssetBroken(what, path, f"it has {path.stat().st_size} bytes", remedy)
    try:
        return unpickle_plain(io.BytesIO(path.read_bytes()))
    except pickle.UnpicklingError as problem:
        raise AssetBroken(what, path, str(problem), remedy) from problem
