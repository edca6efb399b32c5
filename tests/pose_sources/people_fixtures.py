"""Synthetic people and cameras for files in the data sets' forms.

Points come from the `smplx` package, so from another implementation than the one that reads are checked with, and
cameras are applied to points. Parameters are stored as the data sets' own programs compute them, and every writer
checks that `smplx` gives its points from the parameters it is about to store.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import smplx
import torch

from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import HANDS, JAW, LEFT_EYE, RIGHT_EYE

PUBLISHED = {  # right hand, SMPL-X's mean (pose_formats.md, 0.1); the other fingers here are made up
    0: (0.1117, -0.0429, 0.4164), 1: (0.1088, 0.0660, 0.7562), 2: (-0.0964, 0.0909, 0.1885),
    12: (0.8510, -0.2769, 0.0915), 13: (-0.4998, -0.0266, -0.0529), 14: (0.5356, -0.0460, 0.2774),
}  # fmt: skip
LEFT = np.array([1.0, -1.0, -1.0])


def mean_hands():
    """Left, right (15, 3): the published joints, and something like them for the other fingers."""
    right = np.random.default_rng(9).normal(0, 0.05, (15, 3)) + np.tile(
        [[0, 0, 0.45], [0, 0, 0.7], [0, 0, 0.3]], (5, 1)
    )
    for joint, value in PUBLISHED.items():
        right[joint] = value
    return np.stack([right * LEFT, right])


MEAN = mean_hands()


def write_mean_hand(path):
    """Just those arrays of SMPLX_NEUTRAL.npz that hold the mean hand."""
    np.savez(path, hands_meanl=MEAN[0].ravel(), hands_meanr=MEAN[1].ravel())


def write_licensed(folder, body_path):
    """A folder as CUFFS_ASSETS names it: the reference body under SMPL-X's names, with what rest joints need alone."""
    with np.load(body_path) as arrays:
        kept = {key: arrays[key] for key in ("v_template", "J_regressor", "shapedirs")}
    directions = np.zeros((*kept["shapedirs"].shape[:2], 400), np.float32)
    directions[..., :20] = kept["shapedirs"][..., :20]
    np.savez(folder / "SMPLX_NEUTRAL.npz", **(kept | {"shapedirs": directions}))
    for name in ("MALE", "FEMALE"):
        (folder / f"SMPLX_{name}.npz").symlink_to(folder / "SMPLX_NEUTRAL.npz")


@cache
def reference(path, num_betas=11):
    """The `smplx` package's model of a file, double precision, absolute hands."""
    return smplx.SMPLX(
        str(path), num_betas=num_betas, use_pca=False, flat_hand_mean=True, dtype=torch.float64, ext="npz"
    )


def joints_of(path, pose, betas, transl, expression=None, *, relative_hands=False):
    """All 127 joints by `smplx`, metres; with relative hands it adds the mean itself, as its own default does."""
    model = reference(path, len(betas))
    mean = torch.zeros(165, dtype=torch.float64)
    if relative_hands:
        mean[75:] = torch.tensor(MEAN.ravel())
    model.pose_mean.copy_(mean)
    flat = torch.tensor(np.asarray(pose, float).reshape(1, 165))
    part = {
        "global_orient": flat[:, :3], "body_pose": flat[:, 3:66], "jaw_pose": flat[:, 66:69],
        "leye_pose": flat[:, 69:72], "reye_pose": flat[:, 72:75], "left_hand_pose": flat[:, 75:120],
        "right_hand_pose": flat[:, 120:],
    }  # fmt: skip
    given = {"betas": betas, "transl": transl, "expression": np.zeros(10) if expression is None else expression}
    part |= {name: torch.tensor(np.asarray(value, float)[None]) for name, value in given.items()}
    with torch.no_grad():
        return model(**part, return_verts=True).joints[0].numpy()


def pelvis_at_rest(path, betas):
    """By `smplx`: the pelvis of an unposed body."""
    return joints_of(path, np.zeros((55, 3)), betas, np.zeros(3))[0]


def turn(axis, degrees):
    """A rotation about a named axis."""
    return rotvec_to_rotmat(np.radians(degrees) * np.eye(3)["xyz".index(axis)])


@dataclass
class Person:
    """Somebody upright in a world whose y is up, as SMPL-X rests; hands absolute."""

    pose: np.ndarray
    betas: np.ndarray
    transl: np.ndarray


def make_person(rng, num_betas=10, *, face=False):
    """A random one: every joint bent a little, turned about the vertical, anywhere within metres."""
    pose = rng.normal(0, 0.25, (55, 3))
    pose[[JAW, LEFT_EYE, RIGHT_EYE]] *= 0.2 * face
    for side, part in enumerate(HANDS.values()):
        pose[part] = MEAN[side] + rng.normal(0, 0.2, (15, 3))
    pose[0] = rotmat_to_rotvec(turn("y", rng.uniform(-180, 180)) @ rotvec_to_rotmat(rng.normal(0, 0.1, 3)))
    return Person(pose, 0.7 * rng.normal(size=num_betas), rng.normal(0, 0.15, 3) + [0, 1, 0])


def turned(path, person, R, t=(0, 0, 0)):
    """The person's parameters after x → R x + t, by rule 0.2, checked against turned points."""
    j0 = pelvis_at_rest(path, person.betas)
    pose = person.pose.copy()
    pose[0] = rotmat_to_rotvec(R @ rotvec_to_rotmat(pose[0]))
    moved = Person(pose, person.betas, R @ (j0 + person.transl) - j0 + np.asarray(t))
    points = joints_of(path, person.pose, person.betas, person.transl) @ R.T + np.asarray(t)
    assert (
        np.abs(joints_of(path, moved.pose, moved.betas, moved.transl) - points).max() < 1e-6
    )  # `smplx` adds 1e-8 to every angle
    return moved


def project_points(points_cam, K):
    """Pinhole, written out."""
    x, y, z = points_cam.T
    return np.stack([K[0, 0] * x / z + K[0, 2], K[1, 1] * y / z + K[1, 2]], 1)
