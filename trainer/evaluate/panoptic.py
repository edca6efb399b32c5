"""CMU Panoptic: MPJPE per sequence (Joo et al. 2015; the four activities and two cameras of Zanfir et al. 2018).

Read as panoptic-toolbox unpacks a sequence: SEQUENCE/calibration_SEQUENCE.json, hdPose3d_stage1_coco19 (or the older
hdPose3d_stage1)/body3DScene_NNNNNNNN.json, hdImgs/00_16/00_16_NNNNNNNN.jpg. Centimetres, world frame. Joints that its
skeleton and Human3.6M's share are measured, pelvises put on each other: neck, arms, legs, and the head's top in the
older layout. Lenses are taken for pinholes: their distortion is under 1 % where people stand.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Bool, Float

from cuffs.errors import AssetBroken, AssetMissing
from trainer.evaluate import human36m as h36m
from trainer.evaluate.human36m import joint_figures, load_human36m
from trainer.evaluate.shots import (
    MM,
    Benchmark,
    Errors,
    Figure,
    Judged,
    Pairs,
    Shot,
    counts,
    detection,
    mean_of,
    pair_greedily,
    project_px,
)

WHAT: Final = "CMU Panoptic"
REMEDY: Final = "fetch and unpack the sequence with panoptic-toolbox (scripts/getData.sh, extractAll.sh)"
CAMERAS: Final = ("00_16", "00_30")
ACTIVITIES: Final = ("haggling", "mafia", "ultimatum", "pizza")
LAYOUTS: Final = {"hdPose3d_stage1_coco19": ("joints19", False), "hdPose3d_stage1": ("joints15", True)}
"""Folder: (key of a person's joints, whether the second is the head's top)."""

CM: Final = 0.01
NECK, HEAD_TOP, PELVIS = 0, 1, 2
THEIRS: Final = (NECK, HEAD_TOP, 9, 10, 11, 3, 4, 5, 12, 13, 14, 6, 7, 8)
OURS: Final = (
    h36m.NECK, h36m.HEAD_TOP, h36m.R_SHOULDER, h36m.R_ELBOW, h36m.R_WRIST, h36m.L_SHOULDER, h36m.L_ELBOW, h36m.L_WRIST,
    h36m.R_HIP, h36m.R_KNEE, h36m.R_ANKLE, h36m.L_HIP, h36m.L_KNEE, h36m.L_ANKLE,
)  # fmt: skip
SIZE_PX: Final = (1920, 1080)
MIN_SEEN: Final = 2
"""Joints in the picture from which somebody is there."""


def open_panoptic(name: str, folder: Path, assets: Path | None) -> Benchmark:
    """A folder of sequences, or one of them.

    Raises:
        AssetMissing: if sequences, or parts of one, or a licensed file aren't there.
    """
    roots = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())] if folder.is_dir() else []
    sequences = [path for path in roots if (path / f"calibration_{path.name}.json").is_file()]
    if not sequences:
        raise AssetMissing(f"{WHAT}'s sequences", folder / "SEQUENCE" / "calibration_SEQUENCE.json", REMEDY)
    for path in sequences:
        _layout(path)
        if not any((path / "hdImgs" / camera).is_dir() for camera in CAMERAS):
            raise AssetMissing(f"{WHAT}'s pictures of the cameras 16 and 30", path / "hdImgs" / CAMERAS[0], REMEDY)
    maps = load_human36m(assets, by=WHAT)
    there = {activity_of(path.name) for path in sequences}
    absent = [activity for activity in ACTIVITIES if activity not in there]

    def shots() -> Iterator[Shot]:
        for path in sequences:
            yield from _sequence(path)

    return Benchmark(
        kind="panoptic",
        name=name,
        shots=shots,
        figure=joint_figures(maps, OURS),
        errors=errors,
        summary=summary,
        pair=pair_seen,
        notes=(f"without {', '.join(absent)}",) if absent else (),
    )


def activity_of(sequence: str) -> str:
    """haggling of 160422_haggling1."""
    return next((activity for activity in ACTIVITIES if activity in sequence.lower()), sequence)


def pair_seen(found: Sequence[Figure], there: Sequence[Figure]) -> Pairs:
    """As the paper's, by joints that all of the true people have: others are no numbers."""
    if not there:
        return []
    known = np.isfinite(np.stack([one.points_px for one in there])).all((0, 2))
    if not known.any():
        return []

    def only(figures: Sequence[Figure]) -> list[Figure]:
        return [Figure(points_px=one.points_px[known], joints=one.joints, verts=one.verts) for one in figures]

    return pair_greedily(only(found), only(there))


def errors(ours: Figure, truth: Figure) -> Errors:
    """Mean over the joints that are known."""
    distance = MM * np.linalg.norm((ours.joints - ours.joints[0]) - (truth.joints - truth.joints[0]), axis=-1)[1:]
    known = np.isfinite(distance)
    return {"mpjpe": [float(distance[known].mean())] if known.any() else []}


def summary(judged: Sequence[Judged]) -> dict[str, float | None]:
    """Of each activity, and the mean of those, which papers call the average."""
    groups = sorted({one.group for one in judged})
    values = {group: mean_of([one for one in judged if one.group == group], "mpjpe") for group in groups}
    known = [value for value in values.values() if value is not None]
    return {
        **{f"mpjpe_{group}_mm": value for group, value in values.items()},
        "mpjpe_mm": float(np.mean(known)) if known else None,
        "recall": detection(judged)["recall"],
        **counts(judged),
    }


def _layout(folder: Path) -> str:
    found = next((layout for layout in LAYOUTS if (folder / layout).is_dir()), None)
    if found is None:
        raise AssetMissing(f"{WHAT}'s 3D poses", folder / next(iter(LAYOUTS)), REMEDY)
    return found


def _sequence(folder: Path) -> Iterator[Shot]:
    layout = _layout(folder)
    cameras = _cameras(folder / f"calibration_{folder.name}.json")
    for camera in CAMERAS:
        for picture in sorted((folder / "hdImgs" / camera).glob(f"{camera}_*.jpg")):
            scene = folder / layout / f"body3DScene_{picture.stem.rsplit('_', 1)[1]}.json"
            if not scene.is_file():
                continue  # the toolbox has no file for pictures in which nobody was reconstructed
            K, R, t_m = cameras[camera]
            people = [_figure(points, known, K, R, t_m) for points, known in _people(scene, layout)]
            seen = tuple(one for one in people if _num_seen(one) >= MIN_SEEN)
            if seen:
                yield Shot(group=activity_of(folder.name), path=picture, K=K, people=seen)


def _num_seen(figure: Figure) -> int:
    with np.errstate(invalid="ignore"):
        inside = (figure.points_px >= 0) & (figure.points_px < SIZE_PX) & (figure.joints[1:, 2:] > 0)
    return int(inside.all(1).sum())


def _figure(
    points_m: Float[np.ndarray, "joints 3"], known: Bool[np.ndarray, " joints"], K: np.ndarray, R: np.ndarray,
    t_m: np.ndarray,
) -> Figure:  # fmt: skip
    joints = np.where(known[:, None], points_m @ R.T + t_m, np.nan)[[PELVIS, *THEIRS]]
    return Figure(points_px=project_px(joints[1:], K), joints=joints, verts=np.zeros((0, 3)))


def _people(path: Path, layout: str) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Points, metres, world frame, and which are known."""
    key, has_top = LAYOUTS[layout]
    for body in _json(path, "bodies"):
        try:
            points = np.asarray(body.get(key, []), np.float64)
        except (TypeError, ValueError) as problem:
            raise AssetBroken(f"{WHAT}'s poses", path, f"{key} holds no numbers ({problem})", REMEDY) from problem
        if points.size % 4 or points.size < 60:
            raise AssetBroken(f"{WHAT}'s poses", path, f"{key} has {points.size} numbers", REMEDY)
        points = points.reshape(-1, 4)
        known = points[:, 3] > 0
        if not has_top:
            known[HEAD_TOP] = False
        if known[PELVIS]:
            yield points[:, :3] * CM, known


def _cameras(path: Path) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """K, R and t (metres), world to camera, by name."""
    found = {}
    for camera in _json(path, "cameras"):
        try:
            K, R = np.array(camera["K"], np.float64).reshape(3, 3), np.array(camera["R"], np.float64).reshape(3, 3)
            found[str(camera["name"])] = (K, R, np.array(camera["t"], np.float64).reshape(3) * CM)
        except (KeyError, TypeError, ValueError) as problem:
            raise AssetBroken(f"{WHAT}'s calibration", path, f"a camera is broken ({problem})", REMEDY) from problem
    for name in CAMERAS:
        if name not in found:
            raise AssetBroken(f"{WHAT}'s calibration", path, f"the camera {name} is missing", REMEDY)
    return found


def _json(path: Path, key: str) -> list[dict[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise AssetBroken(f"{WHAT}'s file", path, str(problem), REMEDY) from problem
    rows = data.get(key) if isinstance(data, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AssetBroken(f"{WHAT}'s file", path, f"it holds no list {key!r}", REMEDY)
    return rows
