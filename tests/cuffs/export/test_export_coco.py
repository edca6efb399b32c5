"""COCO-WholeBody, read and scored by pycocotools."""

import json
from itertools import pairwise

import numpy as np
import pytest
import smplx
import torch
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from xtcocotools import coco as wholebody
from xtcocotools import cocoeval as wholebody_scores

from cuffs.export.coco import run_lengths
from cuffs.export.coco_points import BODY, GROUPS, HAND, MIRROR_BODY, contour_row, load_contour, wholebody_points
from cuffs.records import SmplxRecord
from cuffs.rotations import rotmat_to_rotvec, rotvec_to_rotmat
from tests.cuffs.audit.scenes import pose

SIGMAS = np.array([
    0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072, 0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089,
    0.089, 0.068, 0.066, 0.066, 0.092, 0.094, 0.094, 0.042, 0.043, 0.044, 0.043, 0.040, 0.035, 0.031, 0.025, 0.020,
    0.023, 0.029, 0.032, 0.037, 0.038, 0.043, 0.041, 0.045, 0.013, 0.012, 0.011, 0.011, 0.012, 0.012, 0.011, 0.011,
    0.013, 0.015, 0.009, 0.007, 0.007, 0.007, 0.012, 0.009, 0.008, 0.016, 0.010, 0.017, 0.011, 0.009, 0.011, 0.009,
    0.007, 0.013, 0.008, 0.011, 0.012, 0.010, 0.034, 0.008, 0.008, 0.009, 0.008, 0.008, 0.007, 0.010, 0.008, 0.009,
    0.009, 0.009, 0.007, 0.007, 0.008, 0.011, 0.008, 0.008, 0.008, 0.010, 0.008, 0.029, 0.022, 0.035, 0.037, 0.047,
    0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022, 0.026, 0.017, 0.021, 0.021, 0.032, 0.020, 0.019, 0.022, 0.031,
    0.029, 0.022, 0.035, 0.037, 0.047, 0.026, 0.025, 0.024, 0.035, 0.018, 0.024, 0.022, 0.026, 0.017, 0.021, 0.021,
    0.032, 0.020, 0.019, 0.022, 0.031,
])  # fmt: skip
"""COCO-WholeBody's, in the order of its 133 points."""


@pytest.fixture(scope="module")
def truth(exports, tmp_path_factory):
    """The export, its five lists of points joined into one, as evaluations of all 133 do."""
    path = exports["coco-wholebody"] / "annotations" / "coco_wholebody_train_v1.0.json"
    plain = json.loads(path.read_text())
    for annotation in plain["annotations"]:
        annotation["keypoints"] = [value for name in GROUPS for value in annotation[name]]
        annotation["num_keypoints"] = sum(v > 0 for v in annotation["keypoints"][2::3])
    joined = tmp_path_factory.mktemp("coco") / "joined.json"
    joined.write_text(json.dumps(plain))
    return COCO(str(joined))


def score(truth, change):
    """Average precision of the annotations themselves, their points changed."""
    results = []
    for annotation in truth.loadAnns(truth.getAnnIds()):
        points = change(np.array(annotation["keypoints"], float).reshape(133, 3))
        results.append(
            {
                "image_id": annotation["image_id"],
                "category_id": 1,
                "keypoints": points.ravel().tolist(),
                "score": 0.9,
            }
        )
    evaluation = COCOeval(truth, truth.loadRes(results), "keypoints")
    evaluation.params.kpt_oks_sigmas = SIGMAS
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return evaluation.stats[0]


def swapped(points):
    """Left for right: body, feet and hands."""
    order = np.concatenate([MIRROR_BODY, [20, 21, 22, 17, 18, 19], np.arange(23, 91), np.arange(112, 133)])
    order = np.concatenate([order, np.arange(91, 112)])
    return points[order]


def test_the_export_scores_one_against_itself_and_less_with_left_and_right_swapped(truth):
    assert len(SIGMAS) == 133
    assert score(truth, lambda points: points) == pytest.approx(1.0)
    assert score(truth, swapped) < 0.5


PARTS = {"wholebody": slice(0, 133), "body": slice(0, 17), "foot": slice(17, 23), "face": slice(23, 91),
         "lefthand": slice(91, 112), "righthand": slice(112, 133)}  # fmt: skip
"""What COCO-WholeBody's evaluation scores, and where its points are."""


def part_scores(truth, change):
    """COCO-WholeBody's own six scores, of the file as it is; points changed by change(five lists)."""
    results = []
    for annotation in truth.loadAnns(truth.getAnnIds()):
        lists = change({name: list(annotation[name]) for name in GROUPS})
        sure = {"score": 0.9} | {f"{name}_score": 0.9 for name in PARTS}
        results.append({"image_id": annotation["image_id"], "category_id": 1, **sure, **lists})
    found = truth.loadRes(results)
    told = {}
    for name, rows in PARTS.items():
        kind = "keypoints" if name == "body" else f"keypoints_{name}"
        evaluation = wholebody_scores.COCOeval(truth, found, kind, SIGMAS[rows], use_area=True)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
        told[name] = evaluation.stats[0]
    return told


def test_the_wholebody_evaluation_reads_the_file_as_it_is(exports):
    """xtcocotools is what COCO-WholeBody's authors publish; hands and face count where they are said to be valid."""
    truth = wholebody.COCO(str(exports["coco-wholebody"] / "annotations" / "coco_wholebody_train_v1.0.json"))
    itself = part_scores(truth, lambda lists: lists)
    assert itself == pytest.approx(dict.fromkeys(PARTS, 1.0))

    def hands_swapped(lists):
        return {**lists, "lefthand_kpts": lists["righthand_kpts"], "righthand_kpts": lists["lefthand_kpts"]}

    swapped = part_scores(truth, hands_swapped)
    assert max(swapped["lefthand"], swapped["righthand"]) < 0.1
    assert swapped["wholebody"] < 0.9
    assert swapped["body"] == swapped["face"] == pytest.approx(1.0)


def test_masks_boxes_and_areas_agree_with_pycocotools(truth, made):
    by_name = {one.sample.key: one for one in made}
    for annotation in truth.loadAnns(truth.getAnnIds()):
        one = by_name[truth.loadImgs(annotation["image_id"])[0]["file_name"].removesuffix(".jpg")]
        mask = truth.annToMask(annotation)
        assert mask.sum() == annotation["area"]
        assert np.array_equal(mask > 0, one.mask == annotation["id"] % 1000 + 1)
        left, top, width, height = (int(value) for value in annotation["bbox"])
        assert mask[top : top + height, left : left + width].sum() == annotation["area"]


def test_run_lengths_begin_with_zeros_and_go_down_columns():
    mask = np.array([[1, 0], [0, 0], [0, 1]], np.uint8)
    assert run_lengths(mask) == [0, 1, 4, 1]
    assert sum(run_lengths(np.zeros((3, 2), np.uint8))) == 6


def test_points_that_are_joints_are_those_of_the_annotation(truth, made):
    annotations = truth.loadAnns(truth.getAnnIds())
    people = [person for one in made for person in one.sample.people]
    for annotation, person in zip(annotations, people, strict=True):
        points = np.array(annotation["keypoints"]).reshape(133, 3)
        for name, joint in (("left_shoulder", 16), ("right_ankle", 8), ("left_wrist", 20)):
            place = BODY.index(name)
            if person.in_frame[joint]:
                assert np.abs(points[place, :2] - person.joints2d[joint]).max() < 1e-2
                assert points[place, 2] == (2 if person.occluded[joint] == 0 else 1)
            else:
                assert tuple(points[place]) == (0, 0, 0)


def test_hands_go_from_the_wrist_to_the_tips(body, made):
    smplx = made[0].sample.people[0].smplx
    verts, joints = pose(body, smplx)
    points = wholebody_points(body, load_contour(body), smplx, verts=verts, joints=joints)
    for group in ("lefthand_kpts", "righthand_kpts"):
        hand = points[GROUPS[group]]
        assert len(hand) == len(HAND) == 21
        for finger in range(5):
            chain = np.concatenate([hand[:1], hand[1 + 4 * finger : 5 + 4 * finger]])
            assert all(0.005 < np.linalg.norm(b - a) < 0.13 for a, b in pairwise(chain))


@pytest.fixture(scope="module")
def with_contour(body):
    options = {"use_pca": False, "flat_hand_mean": True, "use_face_contour": True, "dtype": torch.float64}
    return smplx.create(str(body.path), "smplx", **options)


@pytest.mark.parametrize("yaw_deg", [0, 13, 39, 60, -1, -20, -50])
def test_the_faces_outline_is_what_smplx_takes(body, with_contour, yaw_deg):
    """smplx has y up; the camera's axes are turned over."""
    turn = rotvec_to_rotmat(np.array([0, np.radians(yaw_deg), 0]))
    reference = with_contour(global_orient=torch.tensor([[0.0, np.radians(yaw_deg), 0.0]], dtype=torch.float64))
    expected = reference.joints[0, 127:144].detach().numpy() * [1, -1, -1]
    root = rotmat_to_rotvec((np.diag([1.0, -1, -1]) @ turn)[None])[0]
    zeros = np.zeros((15, 3))
    record = SmplxRecord(
        global_orient=root,
        body_pose=np.zeros((21, 3)),
        left_hand_pose=zeros,
        right_hand_pose=zeros,
        jaw_pose=np.zeros(3),
        leye_pose=np.zeros(3),
        reye_pose=np.zeros(3),
        betas=np.zeros(10),
        expression=np.zeros(10),
        transl=np.zeros(3),
    )
    verts, joints = pose(body, record)
    points = wholebody_points(body, load_contour(body), record, verts=verts, joints=joints)
    found = points[GROUPS["face_kpts"]][:17]
    pelvis, turned = joints[0], reference.joints[0, 0].detach().numpy() * [1, -1, -1]
    assert np.abs((found - pelvis) - (expected - turned)).max() < 1e-5
    assert 0 <= contour_row(record, body) <= 78
