"""Pickles from outside, read without running their code: only what plain arrays need may be named."""

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cuffs.errors import AssetBroken, CuffsError

ALLOWED: Mapping[str, frozenset[str]] = {
    "numpy": frozenset({"ndarray", "dtype"}),
    "numpy.core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy._core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy.core.numeric": frozenset({"_frombuffer"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
    "scipy.sparse.csc": frozenset({"csc_matrix"}),
    "scipy.sparse._csc": frozenset({"csc_matrix"}),
    "scipy.sparse.csr": frozenset({"csr_matrix"}),
    "scipy.sparse._csr": frozenset({"csr_matrix"}),
    "collections": frozenset({"OrderedDict"}),
    "_codecs": frozenset({"encode"}),
}
"""Modules and names that arrays, sparse matrices and dicts are pickled with. None of them runs what it is given."""

RENAMED = {
    "numpy._core": "numpy.core",
    "scipy.sparse.csc": "scipy.sparse._csc",
    "scipy.sparse.csr": "scipy.sparse._csr",
}
"""Old and new names of the same module; files were written with either."""


class _Refusing(pickle.Unpickler):
    """An unpickler that knows arrays and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in ALLOWED.get(module, frozenset()):
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is more than data")
        for old, new in RENAMED.items():
            module = module.replace(old, new)
        return super().find_class(module, name)


def read_pickle(path: Path, *, what: str, remedy: str, max_bytes: int = 2**31) -> Any:
    """What a pickle holds, where that is plain data: numbers, text, lists, dicts, numpy arrays, sparse matrices.

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
        return _Refusing(io.BytesIO(path.read_bytes()), encoding="latin1").load()
    except CuffsError:
        raise
    except (pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, KeyError) as problem:
        raise AssetBroken(what, path, str(problem) or type(problem).__name__, remedy) from problem
    except (TypeError, ValueError) as problem:
        raise AssetBroken(what, path, f"damaged ({problem})", remedy) from problem
