"""UBody's folder: annotations of two scenes and the lists of videos for testing."""

import json

import numpy as np

from cuffs.skeleton import INDEX
from tests.pose_sources.people_fixtures import MEAN, joints_of, make_person, project_points, turn, turned

COCO = [
    None, None, None, None, None, "left_shoulder", "right_shoulder", "left_elbow", "right_elbow", "left_wrist",
    "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle", "right_ankle",
]  # fmt: skip
FINGERS = ["thumb", "index", "middle", "ring", "pinky"]
FOCAL = 35558.0


def annotate(path, rng, number, *, flags=True):
    """Parameters and keypoints of somebody tens of metres from a virtual camera; their relative hands."""
    person = make_person(rng, 10, face=True)
    person.pose[23:25] = 0
    expression = rng.normal(0, 1, 10)
    seen = turned(path, person, turn("x", 180), [0.2, 1.2, 45.0])
    stored = seen.pose.copy()
    stored[25:] -= MEAN.reshape(30, 3)
    points = joints_of(path, stored, seen.betas, seen.transl, expression, relative_hands=True)
    K = np.array([[FOCAL, 0, 640.0], [0, FOCAL, 360.0], [0, 0, 1]])
    pixels = project_points(points, K)
    fit = {
        "smplx_param": {
            "root_pose": stored[0].tolist(), "body_pose": stored[1:22].ravel().tolist(),
            "lhand_pose": stored[25:40].ravel().tolist(), "rhand_pose": stored[40:].ravel().tolist(),
            "jaw_pose": stored[22].tolist(), "expr": expression.tolist(), "shape": seen.betas.tolist(),
            "trans": seen.transl.tolist(),
        },
        "cam_param": {"focal": [FOCAL, FOCAL], "princpt": [640.0, 360.0]},
    }  # fmt: skip
    if flags:
        fit["smplx_param"] |= {"lhand_valid": 1, "rhand_valid": int(number % 2), "face_valid": 1}

    def flat(names):
        found = [[*pixels[INDEX[n]], 0.9] if n in INDEX else [0, 0, 0] for n in names]
        return np.ravel(found).tolist()

    hands = {side: ["none"] + [f"{side}_{f}{k}" for f in FINGERS for k in (1, 2, 3, 4)] for side in ("left", "right")}
    keypoints = {
        "id": number, "image_id": 1000 + number, "bbox": [1, 2, 3, 4], "iscrowd": 0, "num_keypoints": 17,
        "keypoints": flat(COCO), "foot_kpts": [0.0] * 18, "lefthand_kpts": flat(hands["left"]),
        "righthand_kpts": flat(hands["right"]), "face_kpts": [0.0] * 204, "lefthand_box": [1, 2, 3, 4],
        "righthand_box": [1, 2, 3, 4], "face_box": [1, 2, 3, 4], "lefthand_valid": 0, "righthand_valid": 1,
        "face_valid": 1, "valid_label": 1,
    }  # fmt: skip
    return fit, keypoints, np.stack([stored[25:40], stored[40:]])


def write_ubody(folder, path):
    """TalkShow: 1 and 2 in one video, 3 of a cut of another; 4 without parameters; 5 that is not valid; 6 whose
    parameters don't say what is valid. Movie: 7. Pictures' names begin with a slash or not."""
    rng = np.random.default_rng(0)
    fits, people, hands = {}, {}, {}
    for number in range(1, 8):
        fits[number], people[number], hands[number] = annotate(path, rng, number, flags=number != 6)
    people[5]["valid_label"] = 0
    names = {
        1: "/show_a/000001.png", 2: "/show_a/000002.png", 3: "show_b_Trim2/000345.png", 4: "/show_a/000004.png",
        5: "/show_a/000005.png", 6: "/show_b_Trim2/000006.png", 7: "film/000007.png",
    }  # fmt: skip
    for scene, numbers in (("TalkShow", (3, 1, 2, 4, 5, 6)), ("Movie", (7,))):
        place = folder / "annotations" / scene
        place.mkdir(parents=True)
        kept = {str(n): fits[n] for n in numbers if n != 4}
        (place / "smplx_annotation.json").write_text(json.dumps(kept))
        images = [{"id": 1000 + n, "file_name": names[n], "width": 1280, "height": 720} for n in numbers]
        whole = {"images": images, "annotations": [people[n] for n in numbers]}
        (place / "keypoint_annotation.json").write_text(json.dumps(whole))
    (folder / "splits").mkdir()
    np.save(folder / "splits/intra_scene_test_list.npy", np.array(["show_b", "other"]))
    np.save(folder / "splits/inter_scene_test_list.npy", np.array(["film"]))
    return fits, people, hands
