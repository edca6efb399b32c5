"""AGORA's form: data frames with a row an image, a pickle of parameters a person, pictures of 1280 × 720.

AGORA's readers know a camera by its picture's name, so its focal length can't be chosen: pictures are scaled to that of
`cam00` (18 mm before a sensor of 36 mm), with black around them or, where they see more than 90 by 59 degrees, cut. A
person's parameters are in a frame of their scan; it is laid such that AGORA's own formulas (pose_formats.md, 2.5) give
the camera frame exactly. Hands are relative to the mean hand, as AGORA's are.
"""

import pickle
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from PIL import Image

from cuffs.body import BodyModel, landmarks
from cuffs.camera import project
from cuffs.errors import AssetMissing
from cuffs.export.stream import Exported, SourceSample, pinhole_picture, posed, rest_pelvis, source_samples
from cuffs.records import PersonRecord
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat

WIDTH, HEIGHT = 1280, 720
FULL_HEIGHT: Final = 2160
"""2D joints are in pixels of 3840 × 2160."""

FOCAL_MM, SENSOR_MM = 18.0, 36.0
CAMERA_CM: Final = (400.0, -275.0, 265.0)
CAMERA_YAW_DEG, CAMERA_PITCH_DEG, PERSON_YAW_DEG = 135.0, 30.0, 90.0
"""Of `cam00`; and a yaw of people that turns nothing."""

FOLDERS: Final = {"train": "train", "val": "validation", "test": "validation"}
GROUND_TRUTH: Final = "smplx_gt_neutral_gender"
REMEDY: Final = "pip install 'cuffs[export]'"


def agora_camera() -> Float[np.ndarray, "3 3"]:
    """K of a 1280 × 720 picture of `cam00`."""
    focal = FOCAL_MM / SENSOR_MM * WIDTH
    return np.array([[focal, 0, WIDTH / 2], [0, focal, HEIGHT / 2], [0, 0, 1.0]])


def scan_to_camera() -> Float[np.ndarray, "3 3"]:
    """The rotation that AGORA's formulas apply to a scan that stands where the camera is."""
    pitch, yaw = np.radians(CAMERA_PITCH_DEG), np.radians(CAMERA_YAW_DEG)
    turn = rotvec_to_rotmat(np.array([pitch, 0.0, 0.0])) @ rotvec_to_rotmat(np.array([0.0, -yaw, 0.0]))
    own = rotvec_to_rotmat(np.array([0.0, np.radians(PERSON_YAW_DEG - 90.0), 0.0]))
    return turn @ own @ np.diag([1.0, -1.0, -1.0])


def export_agora(folder: Path, out: Path, model: BodyModel) -> Exported:
    """Write a dataset in AGORA's form.

    Args:
        folder: the dataset.
        out: a folder to fill: `SMPLX/`, `smplx_gt_neutral_gender/`, `train/`, `validation/`.
        model: the labels' body model.

    Raises:
        AssetMissing: if pandas is not installed.
    """
    pandas = _pandas()
    result = Exported()
    (out / "SMPLX").mkdir()
    rows: dict[str, list[dict[str, Any]]] = {}
    numbers: dict[str, int] = {}
    shard = ""

    def flush() -> None:
        for split, found in rows.items():
            number = numbers[split] = numbers.get(split, -1) + 1
            frame = pandas.DataFrame(found).astype(object)
            # as plain text: pandas 3 would pickle names as Arrow's, which AGORA's readers, of older pandas, can't open
            frame.columns = pandas.Index(list(frame.columns), dtype=object)
            frame.to_pickle(out / "SMPLX" / f"{split}_{number}_withjv.pkl", protocol=4)
        rows.clear()

    for source in source_samples(folder):
        if source.shard != shard:
            flush()
            shard = source.shard
        split = FOLDERS[source.sample.provenance.split]
        rows.setdefault(split, []).append(_row(out, split, source, model, result))
    flush()
    return result


def _pandas() -> Any:
    try:
        import pandas
    except ImportError as problem:
        raise AssetMissing("pandas, which writes AGORA's data frames,", Path("pandas"), REMEDY) from problem
    return pandas


def _row(out: Path, split: str, source: SourceSample, model: BodyModel, result: Exported) -> dict[str, Any]:
    """An image's row: its picture and its people's pickles are written."""
    name = f"ag_{split}set_cuffs_bfh_{source.sample.key}_cam00"
    K = agora_camera()
    (out / split).mkdir(exist_ok=True)
    placed_picture(source, K).save(out / split / f"{name}_1280x720.png", compress_level=1)
    result.images += 1
    row: dict[str, Any] = {"imgPath": f"{name}.png", "camX": 0.0, "camY": 0.0, "camZ": 0.0, "camYaw": 0.0}
    lists: dict[str, list[Any]] = {key: [] for key in ("gt_path_smplx", "gt_joints_2d", "gt_joints_3d", "gt_verts")}
    lists |= {key: [] for key in ("X", "Y", "Z", "Yaw", "gender", "kid", "occlusion", "isValid", "age", "ethnicity")}
    for number, person in enumerate(source.sample.people):
        verts, joints = posed(model, person)
        points = np.concatenate([joints, landmarks(model, verts)])
        if (points[:, 2] <= 0).any():
            result.left_out["a joint lies behind the camera"] += 1
            continue
        path = f"{GROUND_TRUTH}/{split}set_cuffs_adults_bfh/{source.sample.key}_{number}.obj"
        _write_person(out / path.replace(".obj", ".pkl"), person, model)
        hidden = 0.0 if person.visible_fraction is None else 100 * (1 - person.visible_fraction)
        place = dict(zip(("X", "Y", "Z"), CAMERA_CM, strict=True))
        entry = place | {
            "gt_path_smplx": path,
            "gt_joints_2d": (project(points, K) * (FULL_HEIGHT / HEIGHT)).astype(np.float32),
            "gt_joints_3d": points.astype(np.float32),
            "gt_verts": verts.astype(np.float32),
            "Yaw": PERSON_YAW_DEG,
            "gender": "neutral",
            "kid": False,
            "occlusion": hidden,
            "isValid": hidden <= 90,
            "age": "unknown",
            "ethnicity": "unknown",
        }
        for key, value in entry.items():
            lists[key].append(value)
        result.people += 1
    return row | lists


def placed_picture(source: SourceSample, K_new: Float[np.ndarray, "3 3"]) -> Image.Image:
    """The picture as a camera with another K of the same centre shows it; black where it saw nothing."""
    picture = Image.fromarray(pinhole_picture(source))
    K = source.sample.camera.K
    scale = K[0, 0] / K_new[0, 0]
    if scale > 1:  # Pillow's transform takes single pixels, so a picture that becomes smaller is made so first
        size = (round(picture.width / scale), round(picture.height / scale))
        ratio = np.array([size[0] / picture.width, size[1] / picture.height])
        picture = picture.resize(size, Image.Resampling.LANCZOS)
        K = np.diag([*ratio, 1.0]) @ K
    across, down = K[0, 0] / K_new[0, 0], K[1, 1] / K_new[1, 1]
    offset = (K[0, 2] - across * K_new[0, 2], K[1, 2] - down * K_new[1, 2])
    return picture.transform(
        (WIDTH, HEIGHT), Image.Transform.AFFINE, (across, 0, offset[0], 0, down, offset[1]), Image.Resampling.BICUBIC
    )


def _write_person(path: Path, person: PersonRecord, model: BodyModel) -> None:
    smplx, pelvis = person.smplx, rest_pelvis(model, person)
    A = scan_to_camera()
    root = A.T @ rotvec_to_rotmat(smplx.global_orient)
    transl = A.T @ (pelvis + smplx.transl) - pelvis
    mean_left, mean_right = model.hands_mean
    arrays = {
        "global_orient": rotmat_to_rotvec(root[None])[0],
        "body_pose": smplx.body_pose.ravel(),
        "left_hand_pose": smplx.left_hand_pose.ravel() - mean_left,
        "right_hand_pose": smplx.right_hand_pose.ravel() - mean_right,
        "jaw_pose": smplx.jaw_pose,
        "leye_pose": smplx.leye_pose,
        "reye_pose": smplx.reye_pose,
        "expression": smplx.expression,
        "betas": smplx.betas,
        "transl": transl,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pickle.dump({name: array[None] for name, array in arrays.items()}, file, protocol=4)
