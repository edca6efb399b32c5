"""Reading a body model's file, and saying what is wrong with a bad one."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cuffs.body.model import BodyModel
from cuffs.errors import AssetBroken, AssetMissing, RecordError
from cuffs.npz import read_npz
from cuffs.skeleton import NUM_JOINTS, NUM_VERTS, PARENTS
from cuffs.unpickle import SparseTable, read_pickle

WHAT = "The SMPL-X body model"
REMEDY = (
    "download SMPL-X v1.1 (models_smplx_v1_1.zip) from the SMPL-X project's page, and put its SMPLX_NEUTRAL.npz into "
    "the folder that CUFFS_ASSETS names. For the open body: `cuffs body`."
)

SHAPES: Mapping[str, tuple[int | None, ...]] = {
    "v_template": (NUM_VERTS, 3),
    "f": (None, 3),
    "shapedirs": (NUM_VERTS, 3, None),
    "posedirs": (NUM_VERTS, 3, 9 * (NUM_JOINTS - 1)),
    "J_regressor": (NUM_JOINTS, NUM_VERTS),
    "weights": (NUM_VERTS, NUM_JOINTS),
    "kintree_table": (2, NUM_JOINTS),
    "hands_meanl": (45,),
    "hands_meanr": (45,),
    "hands_componentsl": (45, 45),
    "hands_componentsr": (45, 45),
    "lmk_faces_idx": (51,),
    "lmk_bary_coords": (51, 3),
}
"""What `smplx` reads (pose_formats.md, 5.3); None is any number."""

OPEN_NAME = "open_body-3"
"""A folder of this name in the cache holds the open stand-in. The number goes up when it is built differently: an older
one in somebody's cache must not pass for it."""


def load_body_model(path: Path) -> BodyModel:
    """Read and check a body model: `.npz`, or `.pkl` without running code from it.

    Raises:
        AssetMissing: if there is no such file.
        AssetBroken: naming the key: wrong shapes, no hands, gendered, too few directions, numbers that aren't finite.
    """
    if not path.is_file():
        raise AssetMissing(WHAT, path, REMEDY)
    if path.stem.upper() in ("SMPLX_MALE", "SMPLX_FEMALE"):
        raise AssetBroken(WHAT, path, "it is a gendered model, and labels are neutral", REMEDY)
    arrays = _read(path)
    _check(arrays, path)
    regressor = arrays["J_regressor"]
    shape, expression = _directions(arrays["shapedirs"], path)
    return BodyModel(
        name="open-body" if "is_open_body" in arrays else "smplx-neutral",
        path=path,
        sha256=_hash(arrays),
        v_template=arrays["v_template"],
        faces=arrays["f"].astype(np.int64),
        shapedirs=shape,
        exprdirs=expression,
        posedirs=arrays["posedirs"],
        weights=arrays["weights"],
        joint_template=regressor @ arrays["v_template"],
        joint_shapedirs=_regress(regressor, shape),
        joint_exprdirs=_regress(regressor, expression),
        lmk_faces_idx=arrays["lmk_faces_idx"].astype(np.int64),
        lmk_bary=arrays["lmk_bary_coords"],
        hands_mean=np.stack([arrays["hands_meanl"], arrays["hands_meanr"]]),
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    wanted = frozenset(SHAPES) | {"is_open_body"}
    found = _from_npz(path, wanted) if path.suffix == ".npz" else _from_pickle(path, wanted)
    return {name: array.astype(np.float64) if array.dtype.kind == "f" else array for name, array in found.items()}


def _from_npz(path: Path, wanted: frozenset[str]) -> dict[str, np.ndarray]:
    try:
        return read_npz(path, only=wanted)
    except RecordError as problem:
        raise AssetBroken(WHAT, path, str(problem), REMEDY) from problem


def _from_pickle(path: Path, wanted: frozenset[str]) -> dict[str, np.ndarray]:
    data = read_pickle(path, what=WHAT, remedy=REMEDY)
    if not isinstance(data, Mapping):
        raise AssetBroken(WHAT, path, f"it holds a {type(data).__name__}, not named arrays", REMEDY)
    try:
        return {
            name: data[name].toarray() if isinstance(data[name], SparseTable) else np.asarray(data[name])
            for name in sorted(wanted & data.keys())
        }
    except ValueError as problem:
        raise AssetBroken(WHAT, path, f"damaged ({problem})", REMEDY) from problem


def _check(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    if "hands_meanl" not in arrays and "weights" in arrays:
        found = "it has no hands_* keys: an SMPL-style file, not SMPL-X v1.1's"
        raise AssetBroken(WHAT, path, found, REMEDY)
    for name, shape in SHAPES.items():
        if name not in arrays:
            raise AssetBroken(WHAT, path, f"the key {name!r} is missing", REMEDY)
        array = arrays[name]
        fits = array.ndim == len(shape) and all(
            want in (None, got) for want, got in zip(shape, array.shape, strict=True)
        )
        if not fits or array.dtype.kind not in "fiu":
            want = tuple("n" if size is None else size for size in shape)
            raise AssetBroken(WHAT, path, f"{name} has shape {array.shape} of {array.dtype}, expected {want}", REMEDY)
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise AssetBroken(WHAT, path, f"{name} holds numbers that are not finite", REMEDY)
    parents = arrays["kintree_table"][0].astype(np.int64)
    if parents[1:].tolist() != list(PARENTS[1:]):
        raise AssetBroken(WHAT, path, "kintree_table is not SMPL-X's tree of 55 joints", REMEDY)
    for name, limit in (("f", NUM_VERTS), ("lmk_faces_idx", len(arrays["f"]))):
        if arrays[name].dtype.kind == "f" or arrays[name].min() < 0 or arrays[name].max() >= limit:
            raise AssetBroken(WHAT, path, f"{name} points outside the mesh", REMEDY)


def _directions(shapedirs: np.ndarray, path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Shape and expression directions, where `smplx` looks for them (pose_formats.md, 5.4)."""
    count = shapedirs.shape[-1]
    if count >= 400:
        return shapedirs[..., :300], shapedirs[..., 300:400]
    if count == 20:
        return shapedirs[..., :10], shapedirs[..., 10:20]
    found = f"shapedirs has {count} directions; 400 (v1.1) or 20 (v1.0) hold 10 of shape and 10 of expression"
    raise AssetBroken(WHAT, path, found, REMEDY)


def _regress(regressor: np.ndarray, directions: np.ndarray) -> np.ndarray:
    flat = directions.reshape(len(directions), -1)
    return (regressor @ flat).reshape(NUM_JOINTS, *directions.shape[1:])


def _hash(arrays: Mapping[str, np.ndarray]) -> str:
    """Of the arrays' values, so that an npz and a pkl of the same model agree."""
    digest = hashlib.sha256()
    for name in sorted(SHAPES):
        array = arrays[name]
        kind = np.float64 if array.dtype.kind == "f" else np.int64
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(array, kind).tobytes())
    return digest.hexdigest()


def joint_regressor(path: Path) -> np.ndarray:
    """The matrix (55, verts) of a body model's file that gives joints of any mesh of its topology.

    Raises:
        AssetBroken: if the file can't be used.
    """
    arrays = _read(path)
    _check(arrays, path)
    return arrays["J_regressor"]
