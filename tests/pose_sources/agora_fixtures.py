"""AGORA's folder: fits in their scans' frames, and dataframes that say where the scans stand in pictures.

The joints of the dataframes are `smplx`'s of the stored parameters, moved point by point as AGORA's renderer did.
"""

import pickle
from functools import cache

import numpy as np
import smplx
import torch

from tests.pose_sources.foreign_pickles import gpu_pickle, pickle_frame
from tests.pose_sources.people_fixtures import MEAN, joints_of, make_person, turn

WOMAN = "trainset_3dpeople_adults_bfh/10004_w_Amaya_0_0"
MAN = "trainset_movedrenderpeople_adults_bfh/rp_max_posed_001_0_0"
GIRL = "trainset_renderpeople_kids_bfh/rp_leni_posed_002_0_0"
BODY_ONLY = "validationset_axyz_adults/axyz_tom_0_0"
GENDERS = {WOMAN: "female", MAN: "male", GIRL: "female", BODY_ONLY: "male"}

HDRI = "ag_trainset_renderpeople_body_hdri_50mm_5_10_00066.png"
FIXED = "ag_trainset_renderpeople_bfh_archviz_5_10_cam00_00001.png"
FREE = "ag_trainset_axyz_bfh_construction_5_15_00012.png"
SECOND = "ag2_validationset_body_flowers_5_15_00003.png"

CAMERAS = {  # focal mm, place in Unreal's cm, yaw, pitch: typed from pose_formats.md, 2.5
    HDRI: (50, (0, 0, 170), 0, 0),
    FIXED: (18, (400, -275, 265), 135, 30),
    FREE: (28, (30, -40, 20), 25, 0),
    SECOND: (28, (0, 0, 170), 0, 15),
}


def write_kid_template(path, body_path):
    """A smaller body with a larger head."""
    with np.load(body_path) as arrays:
        verts = arrays["v_template"]
    kid = 0.6 * verts
    kid[verts[:, 1] > 0.25] *= 1.2
    np.save(path, kid + [0.3, 2.0, 0.1])


@cache
def kid_reference(body_path, template):
    return smplx.SMPLX(
        str(body_path), num_betas=10, use_pca=False, flat_hand_mean=True, dtype=torch.float64, ext="npz", age="kid",
        kid_template_path=str(template),
    )  # fmt: skip


def kid_joints(body_path, template, pose, betas, transl, expression):
    """A kid's joints by `smplx` and its own way of adding the template; relative hands."""
    model = kid_reference(body_path, template)
    mean = torch.zeros(165, dtype=torch.float64)
    mean[75:] = torch.tensor(MEAN.ravel())
    model.pose_mean.copy_(mean)
    flat = torch.tensor(pose.reshape(1, 165))
    keys = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose", "right_hand_pose")
    part = dict(zip(keys, flat.split((3, 63, 3, 3, 3, 45, 45), dim=1), strict=True))
    given = {"betas": betas, "transl": transl, "expression": expression}
    with torch.no_grad():
        found = model(**part, **{name: torch.tensor(np.asarray(value)[None]) for name, value in given.items()})
    return found.joints[0].numpy()


@cache
def make_fits(body_path, template):
    """Parameters by name, relative hands, and joints in the scans' frames."""
    fits, joints = {}, {}
    for number, name in enumerate(GENDERS):
        rng = np.random.default_rng(number)
        person = make_person(rng, 10, face=True)
        # faces don't move SMPL-X's pelvis, but a little the reference body's: one has one
        expression = rng.normal(0, 0.05, 10) * (name == BODY_ONLY)
        pose = person.pose.copy()
        pose[25:] -= MEAN.reshape(30, 3)
        betas = person.betas
        if name == GIRL:
            betas = np.append(betas, 0.8)
            joints[name] = kid_joints(body_path, template, pose, betas, person.transl, expression)
        else:
            joints[name] = joints_of(body_path, pose, betas, person.transl, expression, relative_hands=True)
            betas = np.append(betas, 0.5) if name == MAN else betas  # this set ships an eleventh for adults
        fits[name] = {
            "global_orient": pose[:1], "body_pose": pose[1:22].reshape(1, 63), "betas": betas[None],
            "left_hand_pose": pose[25:40].reshape(1, 45), "right_hand_pose": pose[40:].reshape(1, 45),
            "jaw_pose": pose[22:23], "leye_pose": pose[23:24], "reye_pose": pose[24:25],
            "expression": expression[None], "transl": person.transl[None], "keypoints_3d": joints[name][:25],
        }  # fmt: skip
    return fits, joints


def unreal(place_cm):
    """(x, y, z) of Unreal, cm, to (y, -z, x), m."""
    x, y, z = np.array(place_cm) / 100
    return np.array([y, -z, x])


def seen(points, picture, place, yaw):
    """Points of a scan before a picture's camera, and in the picture of 3840 × 2160."""
    focal, camera, camera_yaw, pitch = CAMERAS[picture]
    ground = np.array([0, -1.7, 0]) if picture == FREE else np.zeros(3)
    in_world = (points * [1, -1, -1]) @ turn("y", yaw - 90).T + unreal(place) - (unreal(camera) + ground)
    in_camera = in_world @ turn("y", -camera_yaw).T @ turn("x", pitch).T
    pixels = in_camera[:, :2] / in_camera[:, 2:] * [focal / 36 * 3840, focal / 20.25 * 2160] + [1920, 1080]
    assert (in_camera[:, 2] > 0.5).all()
    return in_camera, pixels


def make_frame(joints, pictures):
    """Columns of a dataframe from (picture, [(fit, place, yaw, occlusion)])."""
    columns = {name: [] for name in (
        "imgPath", "camX", "camY", "camZ", "camYaw", "X", "Y", "Z", "Yaw", "gender", "kid", "occlusion", "isValid",
        "age", "ethnicity", "gt_path_smpl", "gt_path_smplx", "gt_joints_2d", "gt_joints_3d", "gt_verts",
    )}  # fmt: skip
    for picture, people in pictures:
        _, camera, camera_yaw, _ = CAMERAS[picture]
        row = {"imgPath": picture, "camX": float(camera[0]), "camY": float(camera[1]), "camZ": float(camera[2])}
        row |= {"camYaw": float(camera_yaw), "age": ["adult"] * len(people), "ethnicity": [""] * len(people)}
        row |= {axis: [place[n] for _, place, _, _ in people] for n, axis in enumerate("XYZ")}
        points = [seen(joints[fit], picture, place, yaw) for fit, place, yaw, _ in people]
        row |= {
            "Yaw": [yaw for _, _, yaw, _ in people], "gender": [GENDERS[fit] for fit, *_ in people],
            "kid": [fit == GIRL for fit, *_ in people], "occlusion": [hidden for *_, hidden in people],
            "isValid": [hidden <= 90 for *_, hidden in people],
            "gt_path_smpl": [f"smpl_gt/{fit}.obj" for fit, *_ in people],
            "gt_path_smplx": [f"smplx_gt/{fit}.obj" for fit, *_ in people],
            "gt_joints_3d": [one[0] for one in points], "gt_joints_2d": [one[1] for one in points],
            "gt_verts": [np.ones((10475, 3), np.float32)] * len(people),
        }  # fmt: skip
        for name, values in columns.items():
            values.append(row[name])
    return columns


PICTURES = {
    "train_0": [
        (HDRI, [(WOMAN, (500, 20, 0), 30.0, 12.0), (MAN, (650, -80, 0), -100.0, 95.0)]),
        (FIXED, [(GIRL, (60, 40, 0), 200.0, 0.0), (WOMAN, (120, 10, 0), 75.0, 40.0)]),
    ],
    "validation_0": [
        (FREE, [(MAN, (700, 250, -15), 10.0, 60.0), (BODY_ONLY, (500, 200, 5), -20.0, 0.0)]),
        (SECOND, [(GIRL, (600, 30, 0), 130.0, 90.0)]),
    ],
}


def write_agora(folder, body_path, template, *, gendered=True):
    """Fits by every protocol, one of them from a GPU, and two dataframes in pandas' old and new layouts."""
    fits, joints = make_fits(body_path, template)
    root = folder / ("smplx_gt" if gendered else "smplx_gt_neutral_gender")
    for number, (name, fit) in enumerate(fits.items()):
        path = root / f"{name}.pkl"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gpu_pickle(fit) if name == BODY_ONLY else pickle.dumps(fit, protocol=number + 2))
    (folder / "SMPLX").mkdir()
    for (name, pictures), layout, protocol in zip(PICTURES.items(), ("old", "new"), (5, 4), strict=True):
        data = pickle_frame(make_frame(joints, pictures), layout=layout, protocol=protocol)
        (folder / "SMPLX" / f"{name}_withjv.pkl").write_bytes(data)
    return fits, joints
