"""UBody's test videos: upper bodies as OSX fitted them (Lin et al. 2023; layout: pose_formats.md, 3).

The test videos are those of splits/intra_scene_test_list.npy, as OSX's own reader takes them; annotations with
valid_label 0 or without parameters are left out. Measures as EHF's. The fits' cameras are nearly orthographic, with
people tens of metres away: they say where a mesh is in the picture, and the network is told nothing.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from cuffs.body import BodyModel, forward
from cuffs.errors import AssetBroken, AssetMissing
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import BODY, JAW, LEFT_HAND, NUM_JOINTS, RIGHT_HAND
from trainer.evaluate.parts import MEASURES, Parts, mesh_errors, mesh_figure, mesh_figures
from trainer.evaluate.shots import Benchmark, Figure, Shot, means

WHAT: Final = "UBody"
REMEDY: Final = (
    "unpack annotations.zip, splits.zip and videos.zip, and make pictures with OSX's video2image.py: "
    "FOLDER/annotations/SCENE/*.json, FOLDER/splits/intra_scene_test_list.npy, FOLDER/images/SCENE/VIDEO/000001.png"
)
FITS, KEYPOINTS = "smplx_annotation.json", "keypoint_annotation.json"
LENGTHS: Final = {
    "root_pose": 3, "body_pose": 63, "lhand_pose": 45, "rhand_pose": 45, "jaw_pose": 3, "expr": 10, "shape": 10,
    "trans": 3,
}  # fmt: skip

VALID: Final = {"lhand_valid": "lefthand_valid", "rhand_valid": "righthand_valid", "face_valid": "face_valid"}
"""What says which parts are truth: by the name among parameters, else by that among keypoints."""


def open_ubody(name: str, folder: Path, body: BodyModel, parts: Parts) -> Benchmark:
    """UBody's folder.

    Raises:
        AssetMissing: if annotations, the list of test videos or pictures aren't there.
    """
    scenes = sorted(path for path in (folder / "annotations").glob("*") if path.is_dir())
    if not scenes:
        raise AssetMissing(f"{WHAT}'s annotations", folder / "annotations" / "SCENE", REMEDY)
    for scene in scenes:
        for file in (FITS, KEYPOINTS):
            if not (scene / file).is_file():
                raise AssetMissing(f"{WHAT}'s annotations", scene / file, REMEDY)
    videos = _test_videos(folder / "splits" / "intra_scene_test_list.npy")
    if not (folder / "images").is_dir():
        raise AssetMissing(f"{WHAT}'s pictures", folder / "images", REMEDY)

    def shots() -> Iterator[Shot]:
        for scene in scenes:
            yield from _scene(scene, folder / "images" / scene.name, videos, body, parts)

    return Benchmark(
        kind="ubody",
        name=name,
        shots=shots,
        figure=mesh_figures(parts),
        errors=mesh_errors(parts),
        summary=means(MEASURES),
        notes=(*parts.notes, "intra-scene test videos; fits to keypoints, not measured truth"),
    )


def _test_videos(path: Path) -> frozenset[str]:
    if not path.is_file():
        raise AssetMissing(f"{WHAT}'s list of test videos", path, REMEDY)
    try:
        names = np.load(path, allow_pickle=False)
    except (ValueError, EOFError, OSError) as problem:
        raise AssetBroken(f"{WHAT}'s list of test videos", path, str(problem), REMEDY) from problem
    return frozenset(str(name) for name in names.ravel())


def video_of(file_name: str) -> str:
    """The video that a picture is of: its folder, without what says how it was cut."""
    return Path(file_name.lstrip("/")).parent.name.split("_Trim")[0]


def _scene(scene: Path, pictures: Path, videos: frozenset[str], body: BodyModel, parts: Parts) -> Iterator[Shot]:
    fits, keypoints = _json(scene / FITS), _json(scene / KEYPOINTS)
    names = {row.get("id"): str(row.get("file_name", "")).lstrip("/") for row in _rows(keypoints, "images", scene)}
    by_picture: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(keypoints, "annotations", scene):
        name = names.get(row.get("image_id"), "")
        if video_of(name) in videos and row.get("valid_label", 1) and str(row.get("id")) in fits:
            by_picture.setdefault(name, []).append(row)
    for name, rows in sorted(by_picture.items()):
        people = [_person(fits[str(row["id"])], row, body, parts, where=f"{scene / FITS}: {row['id']}") for row in rows]
        K = people[0][1]
        yield Shot(
            group=scene.name,
            path=pictures / name,
            K=K,
            people=tuple(figure for figure, _ in people),
            camera_known=False,
        )


def _person(
    fit: Mapping[str, Any], keypoints: Mapping[str, Any], body: BodyModel, parts: Parts, *, where: str
) -> tuple[Figure, np.ndarray]:
    """A person's mesh and camera. Hands are relative to the mean hand."""
    try:
        given, camera = fit["smplx_param"], fit["cam_param"]
        values = {key: np.ravel(np.array(given[key], np.float64)) for key in LENGTHS}
        (fx, fy), (cx, cy) = np.ravel(camera["focal"]).tolist(), np.ravel(camera["princpt"]).tolist()
    except (KeyError, TypeError, ValueError) as problem:
        raise AssetBroken(f"{WHAT}'s annotation", Path(where), f"broken or without {problem}", REMEDY) from problem
    wrong = [
        key for key, length in LENGTHS.items() if values[key].shape != (length,) or not np.isfinite(values[key]).all()
    ]
    if wrong:
        raise AssetBroken(f"{WHAT}'s annotation", Path(where), f"{', '.join(wrong)} of another length", REMEDY)
    pose = np.zeros((NUM_JOINTS, 3))
    pose[0], pose[JAW] = values["root_pose"], values["jaw_pose"]
    pose[BODY] = values["body_pose"].reshape(-1, 3)
    pose[LEFT_HAND] = (values["lhand_pose"] + body.hands_mean[0]).reshape(15, 3)
    pose[RIGHT_HAND] = (values["rhand_pose"] + body.hands_mean[1]).reshape(15, 3)
    verts, _ = forward(
        body,
        rotmats=rotvec_to_rotmat(pose),
        betas=values["shape"],
        expression=values["expr"],
        transl=values["trans"],
    )
    valid = {part: bool(given.get(part, keypoints.get(other, 0))) for part, other in VALID.items()}
    K = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1.0]])
    hands = (valid["lhand_valid"], valid["rhand_valid"])
    return mesh_figure(verts, K, parts, hands=hands, face=valid["face_valid"]), K


def _json(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as problem:
        raise AssetBroken(f"{WHAT}'s annotations", path, str(problem), REMEDY) from problem
    if not isinstance(data, dict):
        raise AssetBroken(f"{WHAT}'s annotations", path, "it holds no named members", REMEDY)
    return data


def _rows(data: Mapping[str, Any], key: str, scene: Path) -> list[dict[str, Any]]:
    rows = data.get(key)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise AssetBroken(f"{WHAT}'s annotations", scene / KEYPOINTS, f"it holds no list {key!r}", REMEDY)
    return rows
