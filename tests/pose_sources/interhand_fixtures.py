"""InterHand2.6M's annotation files. The hands of the reference body stand for MANO: posed by `smplx`, wrist at rest."""

import json
from functools import cache

import numpy as np

from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import HANDS, INDEX
from tests.pose_sources.people_fixtures import MEAN, joints_of, turn

ORDER = [f"{finger}{n}" for finger in ("thumb", "index", "middle", "ring", "pinky") for n in (4, 3, 2, 1)] + ["wrist"]
TIPS = {"thumb": 0, "index": 1, "middle": 2, "ring": 3, "pinky": 4}
"""Order of `smplx`'s fingertips, left ones from its joint 66."""


@cache
def make_hand(path, seed, side):
    """A hand of MANO's parameters and its 21 joints in the world, metres, in InterHand's order."""
    rng, number = np.random.default_rng(seed), ("left", "right").index(side)
    fingers = rng.normal(0, 0.3, (15, 3))
    pose = np.zeros((55, 3))
    pose[HANDS[side]] = fingers
    joints = joints_of(path, pose, np.zeros(10), np.zeros(3), relative_hands=True)
    wrist, trans = rng.normal(0, 1, 3), rng.normal(0, 0.3, 3) + [0, 0, 1]
    j0 = joints[INDEX[f"{side}_wrist"]]
    placed = (joints - j0) @ rotvec_to_rotmat(wrist).T + j0 + trans
    rows = [INDEX[f"{side}_{name}"] if not name.endswith("4") else 66 + 5 * number + TIPS[name[:-1]] for name in ORDER]
    return {"pose": [*wrist, *fingers.ravel()], "shape": [0.1] * 10, "trans": list(trans)}, placed[rows]


def joints_entry(hands, *, wrist_invalid=(), sequence="ROM01"):
    """An entry of `joint_3d`: millimetres, right hand first; hands that aren't there are zero and invalid."""
    places, valid = np.zeros((42, 3)), np.zeros((42, 1))
    for side, first in (("right", 0), ("left", 21)):
        if side in hands:
            places[first : first + 21] = 1000 * hands[side]
            valid[first : first + 21] = 1
            if side in wrist_invalid:
                valid[first + 20] = 0
    kind = "interacting" if len(hands) == 2 else next(iter(hands), "right")
    return {
        "world_coord": places.tolist(), "joint_valid": valid.tolist(), "hand_type": kind, "seq": sequence,
        "hand_type_valid": True,
    }  # fmt: skip


def write_interhand(folder, path):
    """Capture 13: 1234 with the right hand alone, 1237 with both, 1240 without a valid left wrist, 1243 with none and
    1246 without any fit; capture 2 with a left hand and no joints."""
    right, left = ({n: make_hand(path, n, side) for n in range(4)} for side in ("right", "left"))
    mano = {
        "13": {
            "1234": {"right": right[0][0], "left": None},
            "1237": {"right": right[1][0], "left": left[1][0]},
            "1240": {"right": right[2][0], "left": left[2][0]},
            "1243": {"right": None, "left": None},
        },
        "2": {"99": {"right": None, "left": left[3][0]}},
    }
    joints = {
        "13": {
            "1234": joints_entry({"right": right[0][1]}),
            "1237": joints_entry({"right": right[1][1], "left": left[1][1]}, sequence="ROM02"),
            "1240": joints_entry({"right": right[2][1], "left": left[2][1]}, wrist_invalid=["left"]),
            "1246": joints_entry({"right": right[0][1]}),
        }
    }
    camera = {
        "13": {
            "campos": {"400262": [100.0, -300.0, -900.0]}, "camrot": {"400262": turn("x", 20).tolist()},
            "focal": {"400262": [1270.0, 1270.5]}, "princpt": {"400262": [256.0, 167.0]},
        }
    }  # fmt: skip
    annotations = folder / "annotations" / "train"
    annotations.mkdir(parents=True)
    for name, data in (("MANO_NeuralAnnot", mano), ("joint_3d", joints), ("camera", camera)):
        (annotations / f"InterHand2.6M_train_{name}.json").write_text(json.dumps(data))
    return mano, joints, camera


__all__ = ["MEAN", "ORDER", "make_hand", "write_interhand"]
