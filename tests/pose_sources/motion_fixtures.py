"""Motion files in the layouts that the data sets publish, written as their own tools write them."""

import numpy as np

from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import HANDS, INDEX, LEFT_HAND

FRAMES = 12
MEAN_INDEX2 = np.array([0.1088, 0.0660, 0.7562])
Y_FROM_Z = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])


def upright_motion(seed=0, frames=FRAMES):
    """Somebody upright who turns and moves in a world whose z is up: poses (frames, 55, 3), translation, betas."""
    rng = np.random.default_rng(seed)
    poses = 0.2 * rng.normal(size=(frames, 55, 3))
    upright = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])
    yaw = np.stack([np.zeros(frames), np.zeros(frames), np.linspace(0, 1, frames)], 1)
    poses[:, 0] = rotmat_to_rotvec(rotvec_to_rotmat(yaw) @ upright)
    return poses, rng.normal(size=(frames, 3)) + [0, 0, 1.3], rng.normal(size=16)


def write_smplx(path, poses, trans, betas, spoilt=None):
    """AMASS's `*_stageii.npz`, its object array and all."""
    flat = poses.reshape(len(poses), -1)
    arrays = {
        "gender": np.array("female"), "surface_model_type": np.array("smplx"), "mocap_frame_rate": np.array(120.000045),
        "mocap_time_length": np.array(len(poses) / 120), "trans": trans, "poses": flat, "betas": betas,
        "num_betas": np.array(16), "root_orient": flat[:, :3], "pose_body": flat[:, 3:66], "pose_jaw": flat[:, 66:69],
        "pose_eye": flat[:, 69:75], "pose_hand": flat[:, 75:],
        "markers_latent_vids": np.array({"a": 1}, dtype=object),
    }  # fmt: skip
    np.savez(path, **(arrays | (spoilt or {})))


def write_smplh(path, poses, trans, betas):
    """AMASS's `*_poses.npz`: no jaw and eyes, gender as bytes, the other spelling of the frame rate."""
    flat = np.concatenate([poses[:, :22], poses[:, LEFT_HAND.start :]], 1).reshape(len(poses), -1)
    arrays = {
        "poses": flat, "trans": trans, "betas": betas, "dmpls": np.zeros((len(poses), 8)),
        "gender": np.array(b"male  "), "mocap_framerate": np.array(60.0),
    }  # fmt: skip
    np.savez(path, **arrays)


def write_bedlam(path, poses, trans, betas):
    """BEDLAM's `motion_seq.npz`: y up, single precision betas, hands as the mean hand throughout, no face."""
    poses = poses.copy()
    poses[:, 0] = rotmat_to_rotvec(Y_FROM_Z @ rotvec_to_rotmat(poses[:, 0]))
    poses[:, INDEX["jaw"] : LEFT_HAND.start] = 0
    for side, part in HANDS.items():
        hand = np.full((15, 3), 0.1)
        hand[1] = MEAN_INDEX2 * ([1, -1, -1] if side == "left" else [1, 1, 1])
        poses[:, part] = hand
    flat = poses.reshape(len(poses), -1)
    arrays = {
        "motion_info": np.array(["turn", "0", "/mosh/KIT/314/turn_stageii.npz", "100.0", "0", "377\n"]),
        "betas": betas[:10].astype(np.float32), "poses": flat, "global_ori": flat[:, :3], "trans": trans,
        "mocap_frame_rate": np.array(30), "gender": np.array("male"),
    }  # fmt: skip
    np.savez(path, **arrays)
