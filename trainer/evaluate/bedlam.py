"""BEDLAM's validation scenes: PVE on every 25th picture (protocol: multi_hmr.md, 6; layout: pose_formats.md, 1).

FOLDER/all_npz_12_validation/SCENE.npz beside FOLDER/validation/SCENE/png/… (or FOLDER/SCENE/png/…).
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import numpy as np

from cuffs.body import BodyModel, forward
from cuffs.errors import AssetBroken, AssetMissing
from cuffs.npz import read_npz
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import LEFT_HAND, NUM_JOINTS
from trainer.evaluate.parts import MEASURES, Parts, mesh_errors, mesh_figure, mesh_figures
from trainer.evaluate.shots import Benchmark, Figure, Shot, means

WHAT: Final = "BEDLAM's validation set"
REMEDY: Final = (
    "unpack all_npz_12_validation.zip and the four validation scenes' tars: FOLDER/all_npz_12_validation/*.npz, "
    "FOLDER/validation/SCENE/png/…"
)
EVERY: Final = 25
SHAPES: Final = {
    "pose_cam": (3 * NUM_JOINTS,), "trans_cam": (3,), "cam_int": (3, 3), "cam_ext": (4, 4), "shape": None,
}  # fmt: skip
ON_ITS_SIDE: Final = "closeup"


def open_bedlam(name: str, folder: Path, body: BodyModel, parts: Parts) -> Benchmark:
    """BEDLAM's folder.

    Raises:
        AssetMissing: if labels or pictures aren't there.
    """
    files = [path for path in sorted((folder / "all_npz_12_validation").glob("*.npz")) if "agora" not in path.stem]
    if not files:
        raise AssetMissing(f"{WHAT}: labels", folder / "all_npz_12_validation", REMEDY)
    scenes = {path: _pictures(folder, path.stem) for path in files}

    def shots() -> Iterator[Shot]:
        number = 0
        for path, pictures in scenes.items():
            for shot in _scene(path, pictures, body, parts):
                if number % EVERY == 0:
                    yield shot()
                number += 1

    return Benchmark(
        kind="bedlam",
        name=name,
        shots=shots,
        figure=mesh_figures(parts),
        errors=mesh_errors(parts),
        summary=means(MEASURES),
        notes=(*parts.notes, f"every {EVERY}th picture"),
    )


def _pictures(folder: Path, scene: str) -> Path:
    places = [folder / "validation" / scene, folder / scene]
    found = next((place for place in places if (place / "png").is_dir()), None)
    if found is None:
        raise AssetMissing(f"{WHAT}: pictures of {scene}", places[0] / "png", REMEDY)
    return found


def _scene(path: Path, pictures: Path, body: BodyModel, parts: Parts) -> Iterator[Callable[[], Shot]]:
    """For each picture, what makes its shot: meshes are costly, and one in 25 is wanted."""
    rows = _read(path, body)
    names = rows["imgname"].astype(str)
    for name in sorted(set(names.tolist())):
        chosen = np.flatnonzero(names == name)

        def make(name: str = name, chosen: np.ndarray = chosen) -> Shot:
            K = rows["cam_int"][chosen[0]].astype(np.float64)
            return Shot(
                group=path.stem,
                path=pictures / "png" / name,
                K=K,
                people=tuple(_person(rows, row, K, body, parts) for row in chosen.tolist()),
                quarter_turns=int(ON_ITS_SIDE in path.stem),
            )

        yield make


def _person(rows: dict[str, np.ndarray], row: int, K: np.ndarray, body: BodyModel, parts: Parts) -> Figure:
    """A person's mesh. Hands that are exactly the mean hand were not captured: they are no truth."""
    pose = rows["pose_cam"][row].astype(np.float64).reshape(NUM_JOINTS, 3)
    hands = pose[LEFT_HAND.start :].reshape(2, -1)
    captured = tuple(bool(np.abs(hand - mean).max() > 1e-4) for hand, mean in zip(hands, body.hands_mean, strict=True))
    verts, _ = forward(
        body,
        rotmats=rotvec_to_rotmat(pose),
        betas=rows["shape"][row].astype(np.float64),
        expression=np.zeros(0),
        transl=(rows["trans_cam"][row] + rows["cam_ext"][row, :3, 3]).astype(np.float64),
    )
    return mesh_figure(verts, K, parts, hands=(captured[0], captured[1]))


def _read(path: Path, body: BodyModel) -> dict[str, np.ndarray]:
    try:
        rows = read_npz(path, only=frozenset(SHAPES) | {"imgname"}, error=_Broken)
    except _Broken as problem:
        raise AssetBroken(f"{WHAT}: labels", path, str(problem), REMEDY) from problem
    missing = [name for name in (*SHAPES, "imgname") if name not in rows]
    if missing:
        raise AssetBroken(f"{WHAT}: labels", path, f"without {', '.join(missing)}", REMEDY)
    count = len(rows["imgname"])
    wrong = [
        name
        for name, shape in SHAPES.items()
        if len(rows[name]) != count or (shape is not None and rows[name].shape[1:] != shape)
    ]
    if wrong or rows["shape"].ndim != 2 or rows["shape"].shape[1] > body.num_betas:
        found = f"{', '.join(wrong) or 'shape'} has another shape than its labels should have"
        if not wrong:
            found = f"its bodies have {rows['shape'].shape[1]} betas, and the body model in use {body.num_betas}"
        raise AssetBroken(f"{WHAT}: labels", path, found, REMEDY)
    return rows


class _Broken(AssetMissing):
    """An archive that can't be read."""

    def __init__(self, text: str) -> None:
        Exception.__init__(self, text)
