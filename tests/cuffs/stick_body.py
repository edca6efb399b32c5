"""A made-up body in SMPL-X's layout: random skin around a stick figure. Quick to build, with every term switched on."""

from pathlib import Path

import numpy as np

from cuffs.body import BodyModel
from cuffs.skeleton import EYEBALLS, FINGERS, INDEX, LEFT_EYE, NUM_JOINTS, NUM_VERTS, PARENTS, RIGHT_EYE

JAW = INDEX["jaw"]
HEAD = INDEX["head"]


def stick_body(seed: int = 0) -> BodyModel:
    """Shape, expression and pose correctives are smooth random fields; weights blend each joint with its parent."""
    rng = np.random.default_rng(seed)
    joints = stick_joints()
    owner = _owners()
    direction = rng.normal(size=(NUM_VERTS, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    radius = np.array([0.008 if joint >= INDEX["left_index1"] else 0.06 for joint in range(NUM_JOINTS)])
    share = rng.random((NUM_VERTS, 1))
    verts = joints[owner] * (1 - share) + _bone_ends(joints)[owner] * share + direction * radius[owner, None]
    for eye, run in ((LEFT_EYE, EYEBALLS["left"]), (RIGHT_EYE, EYEBALLS["right"])):
        verts[run] = joints[eye] + direction[run] * 0.012
    weights = _weights(verts, joints, owner, radius)
    shapedirs, exprdirs = _shape_fields(rng, verts), _face_fields(rng, verts, owner)
    regressor = _regressor(verts, joints)
    return BodyModel(
        name="open-body",
        path=Path("stick.npz"),
        sha256="0" * 64,
        v_template=verts,
        faces=rng.integers(0, NUM_VERTS, (200, 3)),
        shapedirs=shapedirs,
        exprdirs=exprdirs,
        posedirs=_correctives(rng, verts, joints, weights),
        weights=weights,
        joint_template=regressor @ verts,
        joint_shapedirs=np.einsum("jv,vck->jck", regressor, shapedirs),
        joint_exprdirs=np.einsum("jv,vck->jck", regressor, exprdirs),
        lmk_faces_idx=np.arange(51),
        lmk_bary=np.full((51, 3), 1 / 3),
        hands_mean=np.zeros((2, 45)),
    )


def stick_joints() -> np.ndarray:
    """A T-pose, symmetric, metres, y up."""
    place = {
        "pelvis": (0, -0.35, 0), "spine1": (0, -0.25, 0), "spine2": (0, -0.1, 0), "spine3": (0, 0, 0),
        "neck": (0, 0.2, 0), "head": (0, 0.28, 0.02), "jaw": (0, 0.29, 0.03), "left_eye": (0.03, 0.34, 0.09),
        "left_collar": (0.06, 0.14, 0), "left_shoulder": (0.17, 0.16, 0), "left_elbow": (0.43, 0.16, 0),
        "left_wrist": (0.68, 0.16, 0), "left_hip": (0.08, -0.44, 0), "left_knee": (0.1, -0.82, 0),
        "left_ankle": (0.1, -1.22, -0.03), "left_foot": (0.1, -1.28, 0.1),
    }  # fmt: skip
    for number, finger in enumerate(FINGERS):
        for phalanx in (1, 2, 3):
            place[f"left_{finger}{phalanx}"] = (0.73 + 0.03 * phalanx, 0.16, 0.04 - 0.02 * number)
    joints = np.zeros((NUM_JOINTS, 3))
    for name, point in place.items():
        joints[INDEX[name]] = point
        if name.startswith("left_"):
            joints[INDEX[name.replace("left", "right")]] = np.array(point) * [-1, 1, 1]
    return joints


def _owners() -> np.ndarray:
    """The joint that each vertex belongs to: eyes their own runs, all others alike."""
    others = [joint for joint in range(NUM_JOINTS) if joint not in (LEFT_EYE, RIGHT_EYE)]
    owner = np.empty(NUM_VERTS, np.int64)
    skin = EYEBALLS["left"].start
    owner[:skin] = np.sort(np.resize(others, skin))
    owner[EYEBALLS["left"]], owner[EYEBALLS["right"]] = LEFT_EYE, RIGHT_EYE
    return owner


def _bone_ends(joints: np.ndarray) -> np.ndarray:
    """The middle of a joint's children, or as far again as its own bone."""
    ends = np.empty_like(joints)
    for joint in range(NUM_JOINTS):
        children = [child for child in range(NUM_JOINTS) if PARENTS[child] == joint]
        ends[joint] = joints[children].mean(0) if children else 1.9 * joints[joint] - 0.9 * joints[PARENTS[joint]]
    return ends


def _weights(verts: np.ndarray, joints: np.ndarray, owner: np.ndarray, radius: np.ndarray) -> np.ndarray:
    parent = np.array([max(number, 0) for number in PARENTS])[owner]
    shared = 0.5 * np.exp(-np.linalg.norm(verts - joints[owner], axis=1) / radius[owner])
    shared[EYEBALLS["left"].start :] = 0
    weights = np.zeros((NUM_VERTS, NUM_JOINTS))
    row = np.arange(NUM_VERTS)
    weights[row, owner] += 1 - shared
    weights[row, parent] += shared
    return weights


def _shape_fields(rng: np.random.Generator, verts: np.ndarray) -> np.ndarray:
    fields = np.zeros((NUM_VERTS, 3, 16))
    for number in range(16):
        turn, wave = rng.normal(size=(3, 3)) * 0.03 / (1 + 0.5 * number), rng.normal(size=3) * 4
        fields[:, :, number] = (verts * np.cos(verts @ wave + number)[:, None]) @ turn
    return fields


def _face_fields(rng: np.random.Generator, verts: np.ndarray, owner: np.ndarray) -> np.ndarray:
    fields = np.zeros((NUM_VERTS, 3, 10))
    face = np.isin(owner, [HEAD, JAW])
    for number in range(10):
        push, wave = rng.normal(size=3) * 0.01 / (1 + 0.3 * number), rng.normal(size=3) * 30
        fields[face, :, number] = np.sin(verts[face] @ wave)[:, None] * push
    return fields


def _correctives(rng: np.random.Generator, verts: np.ndarray, joints: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Up to 6 mm about each joint, 1 mm at the fingers."""
    posedirs = np.zeros((NUM_VERTS, 3, 9 * (NUM_JOINTS - 1)))
    for joint in range(1, NUM_JOINTS):
        near = np.exp(-((np.linalg.norm(verts - joints[joint], axis=1) / 0.06) ** 2))
        near *= (weights[:, joint] + weights[:, PARENTS[joint]] > 0) & (near > 1e-3)
        near[EYEBALLS["left"].start :] = 0
        size = 0.001 if joint >= INDEX["left_index1"] else 0.006
        posedirs[:, :, 9 * (joint - 1) : 9 * joint] = near[:, None, None] * rng.normal(size=(1, 3, 9)) * size
    return posedirs


def _regressor(verts: np.ndarray, joints: np.ndarray) -> np.ndarray:
    regressor = np.zeros((NUM_JOINTS, NUM_VERTS))
    for joint in range(NUM_JOINTS):
        near = np.argsort(((verts - joints[joint]) ** 2).sum(1))[:60]
        affine = np.concatenate([verts[near].T, np.ones((1, 60))])
        regressor[joint, near] = np.linalg.lstsq(affine, np.append(joints[joint], 1.0), rcond=None)[0]
    return regressor
