"""BEDLAM's label files as df_full_body.py writes them: people first, then frames; rows of a picture not adjacent."""

from functools import cache

import numpy as np

from tests.pose_sources.people_fixtures import MEAN, joints_of, make_person, project_points, turn, turned

SCENE = "20221020-3-8_250_highbmihand_orbit_stadium_6fps"
CLOSEUP = "20221024_3_100_batch01handhair_static_highSchoolGym_closeup_30fps"
OPENCV_FROM_Y_UP = np.diag([1.0, -1.0, -1.0])


@cache
def scene_rows(path, seed, num_betas=11, *, portrait=False, people=2, pictures=2):
    """Arrays of one scene: an unmeasured pair of hands in the first row, a joint off the picture in the last."""
    rng = np.random.default_rng(seed)
    width, height = (720, 1280) if portrait else (1280, 720)
    focal = 50 / (20.25 if portrait else 36) * width
    K = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    rows = []
    for body in range(people):
        base = make_person(rng, num_betas)
        for picture in range(pictures):
            person = make_person(rng, num_betas)
            person.betas = base.betas
            if body == picture == 0:
                person.pose[25:] = MEAN.reshape(30, 3)
            yaw, pitch, roll = rng.uniform(-180, 180), 8.0 * (picture + 1), 3.0 * picture
            R_ext = turn("z", roll) @ turn("x", pitch)
            world = turned(path, person, turn("y", yaw) @ OPENCV_FROM_Y_UP)
            far = 1.6 if body + picture == people + pictures - 2 else 4.5
            offset = R_ext @ (np.array([0.3 * body, 1.0, far]) + rng.normal(0, 0.05, 3))
            in_camera = turned(path, world, R_ext)
            points_cam = joints_of(path, world.pose, world.betas, world.transl) @ R_ext.T + offset
            extrinsics = np.eye(4)
            extrinsics[:3, :3], extrinsics[:3, 3] = R_ext, offset
            keypoints = np.concatenate([project_points(points_cam, K), np.ones((127, 1))], 1)
            rows.append({
                "imgname": f"seq_000000/seq_000000_{5 * picture:04d}.png", "center": K[:2, 2], "scale": 2.1,
                "pose_cam": in_camera.pose.ravel(), "pose_world": world.pose.ravel(), "shape": person.betas,
                "trans_cam": in_camera.transl, "trans_world": world.transl, "gtkps": keypoints.astype(np.float32),
                "cam_int": K, "cam_ext": extrinsics, "gender": "f" if portrait else "m",
                "proj_verts": np.ones((437, 3), np.float32),
            })  # fmt: skip
            assert (points_cam[:, 2] > 0).all()
    return {key: np.array([row[key] for row in rows]) for key in rows[0]}


def write_bedlam_labels(folder, path):
    """A folder `all_npz_12_training` with two scenes, one of them lying on its side, and AGORA's file beside them."""
    labels = folder / "all_npz_12_training"
    labels.mkdir(parents=True)
    scenes = {
        SCENE: scene_rows(path, 0),
        CLOSEUP: scene_rows(path, 1, portrait=True),
    }
    for name, rows in scenes.items():
        np.savez(labels / f"{name}.npz", **rows)
    return labels, scenes


def write_bedlam2_labels(folder, path):
    """BEDLAM2's: 16 betas, 44 other keypoints before SMPL-X's, boxes of hands that are -1 off the picture."""
    rows = dict(scene_rows(path, 4, 16, portrait=True))
    count = len(rows["shape"])
    before = np.full((count, 44, 3), 7.0, np.float32)
    rows["gtkps"] = np.concatenate([before, rows["gtkps"]], 1)
    rows["gender"] = np.array(["neutral"] * count)
    for side in "lr":
        rows[f"{side}h_c"], rows[f"{side}h_s"] = np.full((count, 2), -1.0), np.full(count, -1.0)
    rows["hand_det_conf"] = np.zeros((count, 2, 1), int)
    np.savez(folder / "20240425_1_171_yogastudio.npz", **rows)
    return rows


def write_hands_labels(folder, path):
    """BEDLAM's `all_npz_12_hands`: the same and boxes of hands."""
    rows = dict(scene_rows(path, 0))
    count = len(rows["shape"])
    rows |= {"left_hand": np.zeros(count, bool), "right_hand": np.ones(count, bool)}
    rows |= {"scale_hand": np.ones((count, 2)), "center_hand": np.ones((count, 2, 2))}
    rows["right_hand_abs_pose"] = np.ones((count, 48))
    np.savez(folder / f"{SCENE}-hands.npz", **rows)
    return rows


def write_agora_in_bedlam(folder, path, name="agora-bfh", *, relative, producer="shipped"):
    """AGORA's file among BEDLAM's labels; producer "a" is agora_processing_code, without trans_cam and gender."""
    rng = np.random.default_rng(3)
    rows = {key: array.copy() for key, array in scene_rows(path, 2, 10, people=5).items()}
    rows["pose_cam"][:, 75:] = MEAN.ravel() + rng.normal(0, 0.3, (10, 90)) - relative * MEAN.ravel()
    rows["imgname"] = np.array([f"ag_trainset_axyz_bfh_archviz_5_10_cam02_{n:05d}_1280x720.png" for n in range(10)])
    if producer == "a":
        rows["cam_ext"][:, :3, 3] += rows.pop("trans_cam")
        for key in ("trans_world", "gender"):
            rows.pop(key)
        rows["bfh"] = np.arange(10) % 3 > 0
    np.savez(folder / f"{name}.npz", **rows)
    return rows
