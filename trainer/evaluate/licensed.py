"""Files that benchmarks need and nobody may hand on: found in the user's folder, or their absence explained."""

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_matrix

from cuffs.errors import AssetBroken, AssetMissing
from cuffs.npz import read_npz
from cuffs.skeleton import NUM_VERTS
from cuffs.unpickle import SparseTable, unpickle_plain

SMPL_VERTS: Final = 6890
H36M_JOINTS: Final = 17
MAX_BYTES: Final = 2**31


@dataclass(frozen=True, slots=True, kw_only=True)
class Licensed:
    """One file."""

    what: str
    names: tuple[str, ...]
    """Any of them, looked for in the folder."""

    source: str
    """Where a user gets it."""


H36M: Final = Licensed(
    what="The regressor of Human3.6M's 17 joints from SMPL's vertices",
    names=("J_regressor_h36m.npy",),
    source="it is in the data of SPIN, of HMR's successors and of 3DPW's evaluations",
)
TO_SMPL: Final = Licensed(
    what="The matrix from SMPL-X's vertices to SMPL's",
    names=("smplx_to_smpl.pkl", "smplx2smpl.pkl", "smplx_to_smpl.npy", "smplx_to_smpl.npz"),
    source="transfer data (model transfer) on SMPL-X's download page",
)
HANDS: Final = Licensed(
    what="MANO's vertices on SMPL-X",
    names=("MANO_SMPLX_vertex_ids.pkl",),
    source="vertex correspondences (MANO and FLAME) on SMPL-X's download page",
)
HEAD: Final = Licensed(
    what="FLAME's vertices on SMPL-X",
    names=("SMPL-X__FLAME_vertex_ids.npy",),
    source=HANDS.source,
)
BODY: Final = Licensed(
    what="AGORA's body vertices on SMPL-X",
    names=("body_verts_smplx.npy",),
    source="utils/ of the repository agora_evaluation",
)
SMPL: Final = {
    gender: Licensed(
        what=f"SMPL's {gender} body model",
        names=(f"smpl/SMPL_{gender.upper()}.npz", f"smpl/SMPL_{gender.upper()}.pkl", f"SMPL_{gender.upper()}.pkl"),
        source="SMPL's download page; rename basicModel_*.pkl so",
    )
    for gender in ("male", "female")
}


class Chumpy:
    """What stands for chumpy's arrays, which old SMPL files hold: the numbers alone."""

    def __setstate__(self, state: object) -> None:
        self._state = state

    def __array__(self, dtype: np.dtype | None = None, copy: bool | None = None) -> np.ndarray:
        """The numbers.

        Raises:
            ValueError: if there are none.
        """
        state = getattr(self, "_state", None)
        if not isinstance(state, Mapping) or not isinstance(state.get("x"), np.ndarray):
            raise ValueError("an array of chumpy without numbers")
        return np.asarray(state["x"], dtype)


STAND_INS: Final = {"chumpy.ch": {"Ch": Chumpy}}


def find(folder: Path | None, wanted: Licensed) -> Path | None:
    """Where a file is; None where it isn't."""
    if folder is None:
        return None
    return next((folder / name for name in wanted.names if (folder / name).is_file()), None)


def need(folder: Path | None, wanted: Licensed, *, by: str) -> Path:
    """Where a file is.

    Args:
        folder: the user's licensed files.
        wanted: the file.
        by: what can't be measured without it.

    Raises:
        AssetMissing: if it isn't there.
    """
    found = find(folder, wanted)
    if found is None:
        remedy = (
            f"{by} can't be measured without it, and its licence doesn't let us bring it. Get it ({wanted.source}) and "
            f"put it as {' or '.join(wanted.names)} into the folder that --assets or CUFFS_ASSETS names"
        )
        raise AssetMissing(wanted.what, (folder or Path("(no folder given)")) / wanted.names[0], remedy)
    return found


def read_pickle_of(path: Path, *, what: str, remedy: str) -> object:
    """What a pickle of latin1 times holds, no code of it run.

    Raises:
        AssetBroken: if it is more than numbers, lists and dicts, or damaged.
    """
    if path.stat().st_size > MAX_BYTES:
        raise AssetBroken(what, path, f"it has {path.stat().st_size} bytes", remedy)
    try:
        with path.open("rb") as stream:
            return unpickle_plain(stream, further=STAND_INS)
    except pickle.UnpicklingError as problem:
        raise AssetBroken(what, path, str(problem), remedy) from problem


def read_array(path: Path, wanted: Licensed) -> np.ndarray:
    """An array of an .npy file.

    Raises:
        AssetBroken: if it is none.
    """
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as problem:
        raise AssetBroken(wanted.what, path, str(problem), "fetch it again") from problem


def read_named(path: Path, wanted: Licensed) -> dict[str, np.ndarray]:
    """Arrays by name, of an .npz or .pkl file; sparse ones made whole.

    Raises:
        AssetBroken: if it holds anything else.
    """
    if path.suffix == ".npz":
        return read_npz(path)
    data = read_pickle_of(path, what=wanted.what, remedy="fetch it again")
    if not isinstance(data, Mapping):
        raise AssetBroken(wanted.what, path, f"it holds a {type(data).__name__}, not named arrays", "fetch it again")
    try:
        return {
            str(name): value.toarray() if isinstance(value, SparseTable) else np.asarray(value)
            for name, value in data.items()
        }
    except ValueError as problem:
        raise AssetBroken(wanted.what, path, f"damaged ({problem})", "fetch it again") from problem


def _shaped(array: np.ndarray, shape: tuple[int, ...], path: Path, wanted: Licensed) -> np.ndarray:
    if array.shape != shape or array.dtype.kind not in "fiu" or not np.isfinite(array).all():
        found = f"it holds {array.dtype} of shape {array.shape}, not finite numbers of shape {shape}"
        raise AssetBroken(wanted.what, path, found, f"get it again: {wanted.source}")
    return array.astype(np.float64)


def h36m_regressor(folder: Path | None, *, by: str) -> Float[np.ndarray, "17 6890"]:
    """Rows: pelvis, right hip, knee, ankle, left likewise, spine, neck, jaw, head, left arm, right arm.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: if it is something else.
    """
    path = need(folder, H36M, by=by)
    return _shaped(read_array(path, H36M), (H36M_JOINTS, SMPL_VERTS), path, H36M)


def to_smpl(folder: Path | None, *, by: str) -> csr_matrix:
    """The sparse matrix (6890, 10475) from SMPL-X's vertices to SMPL's.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: if it is something else.
    """
    path, remedy = need(folder, TO_SMPL, by=by), f"get it again: {TO_SMPL.source}"
    if path.suffix == ".npy":
        found = read_array(path, TO_SMPL)
    else:
        data = read_npz(path) if path.suffix == ".npz" else read_pickle_of(path, what=TO_SMPL.what, remedy=remedy)
        found = data.get("matrix") if isinstance(data, Mapping) else None
        if found is None:
            raise AssetBroken(TO_SMPL.what, path, "the key 'matrix' is missing", remedy)
    try:
        matrix = csr_matrix(found.tosparse() if isinstance(found, SparseTable) else np.asarray(found))
    except (ValueError, TypeError) as problem:
        raise AssetBroken(TO_SMPL.what, path, f"damaged ({problem})", remedy) from problem
    if matrix.shape != (SMPL_VERTS, NUM_VERTS) or not np.isfinite(matrix.data).all():
        raise AssetBroken(TO_SMPL.what, path, f"it holds numbers of shape {matrix.shape}", remedy)
    return csr_matrix(matrix, dtype=np.float64)


def vertex_numbers(array: np.ndarray, path: Path, wanted: Licensed) -> Int[np.ndarray, " verts"]:
    """Checked numbers of SMPL-X's vertices.

    Raises:
        AssetBroken: if they are no such numbers.
    """
    flat = np.asarray(array).ravel()
    if flat.dtype.kind not in "iu" or not len(flat) or flat.min() < 0 or flat.max() >= NUM_VERTS:
        raise AssetBroken(wanted.what, path, "it holds no numbers of vertices", f"get it again: {wanted.source}")
    return flat.astype(np.int64)
