"""Poses against the joints that their data set gives for the pictures: through skeleton and camera."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Bool, Float

from cuffs.body.model import chain
from cuffs.rotations import rotvec_to_rotmat
from cuffs.skeleton import HANDS, INDEX, NUM_JOINTS
from pose_sources.checking.finding import Finding, verdict
from pose_sources.checking.hands import judge_ways, other_ways
from pose_sources.interhand.misfit import similarity_residual
from pose_sources.labelled import Labelled
from pose_sources.mean_hand import MeanHand
from pose_sources.rest_shapes import RestShapes

EXACT_MM: Final = 5.0
EXACT_PX: Final = 3.0
ROUGH: Final = 0.12
"""Of the person's height: how far an average skeleton's joints may be off."""

LEAST_HAND_JOINTS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Skeletons:
    """Whose joints are posed."""

    shapes: RestShapes
    average: Float[np.ndarray, "55 3"]
    """Rest joints where a pose's own model is not at hand, metres."""

    def rest(self, labelled: Labelled) -> tuple[Float[np.ndarray, "55 3"], bool]:
        """Rest joints of the pose's own model, or the average ones; whether they are its own."""
        sample = labelled.sample
        if sample.betas is None or sample.betas_model is None:
            return self.average, False
        found = self.shapes.rest_joints(sample.betas, sample.betas_model)
        return (self.average, False) if found is None else (found, True)


def check_pictures(labelled: Sequence[Labelled], skeletons: Skeletons, mean: MeanHand | None) -> Iterator[Finding]:
    """Joints in space and in the picture, as far as the data set gives them; hands by their joints.

    Args:
        labelled: poses with cameras and joints.
        skeletons: whose joints are posed.
        mean: the mean hand, where it is at hand.
    """
    exact = [one for one in labelled if skeletons.rest(one)[1]]
    if missing := len(labelled) - len(exact):
        models = sorted({str(one.sample.betas_model) for one in labelled if not skeletons.rest(one)[1]})
        yield Finding(
            "note", "body models",
            f"{', '.join(models)} not at hand: {missing} poses are checked roughly, on an average skeleton, kids not "
            "at all. With the licensed files in CUFFS_ASSETS they are checked exactly",
        )  # fmt: skip
    rough = [one for one in labelled if not skeletons.rest(one)[1] and not one.sample.is_kid]
    for group, is_exact in ((exact, True), (rough, False)):
        if any(one.joints3d_cam is not None for one in group):
            yield _in_space([one for one in group if one.joints3d_cam is not None], skeletons, is_exact=is_exact)
        if any(one.joints2d is not None for one in group):
            yield _in_picture([one for one in group if one.joints2d is not None], skeletons, is_exact=is_exact)
    if mean is None:
        yield Finding("note", "hands against joints", "the mean hand is not at hand")
    else:
        yield judge_ways(list(_hand_misfits(labelled, skeletons, mean)), "of the hand")


def posed_joints(labelled: Labelled, rest: Float[np.ndarray, "55 3"]) -> Float[np.ndarray, "55 3"]:
    """The pose's joints before the camera, metres."""
    rotmats = rotvec_to_rotmat(labelled.sample.pose)
    rotmats[0] = labelled.R_cam_world @ rotmats[0]
    return chain(rotmats, rest)[1] + labelled.transl_cam


def _in_space(group: Sequence[Labelled], skeletons: Skeletons, *, is_exact: bool) -> Finding:
    errors = []
    for one in group:
        theirs, known = one.joints3d_cam, _known(one)
        assert theirs is not None
        ours = posed_joints(one, skeletons.rest(one)[0])
        if not is_exact:
            ours = ours + (theirs[known] - ours[known]).mean(0)
        errors.append(1000 * np.linalg.norm(ours - theirs, axis=1)[known].mean())
    error = float(np.median(errors))
    limit = EXACT_MM if is_exact else 1000 * ROUGH * 1.7
    return verdict(
        error < limit, f"joints in space, {'exact' if is_exact else 'rough'}",
        f"{len(group)} people, median of the mean distance {error:.3g} mm, largest {max(errors):.3g} mm",
        "Root, camera or body model are others than the reader takes them for.",
    )  # fmt: skip


def _in_picture(group: Sequence[Labelled], skeletons: Skeletons, *, is_exact: bool) -> Finding:
    errors = []
    for one in group:
        theirs, known = one.joints2d, _known(one)
        assert theirs is not None
        if known.sum() < 2:
            continue
        ours = _pixels(posed_joints(one, skeletons.rest(one)[0]), one.K)
        if not is_exact:
            ours = ours + (theirs[known] - ours[known]).mean(0)
        off = float(np.linalg.norm(ours - theirs, axis=1)[known].mean())
        errors.append(off if is_exact else off / max(float(np.ptp(theirs[known], axis=0).max()), 1.0))
    error = float(np.median(errors))
    unit = "px" if is_exact else "of the person's size"
    return verdict(
        error < (EXACT_PX if is_exact else ROUGH), f"joints in the picture, {'exact' if is_exact else 'rough'}",
        f"{len(errors)} people, median of the mean distance {error:.3g} {unit}, largest {max(errors):.3g}",
        "Root, camera or body model are others than the reader takes them for.",
    )  # fmt: skip


def _hand_misfits(labelled: Sequence[Labelled], skeletons: Skeletons, mean: MeanHand) -> Iterator[dict[str, float]]:
    """Of every measured hand with joints: what is over after scale and place, and in space rotation, in each way.

    Shares of the hand's size, so that pictures and space may be counted together.
    """
    for one in labelled:
        for side, (name, part) in enumerate(HANDS.items()):
            rows = [INDEX[f"{name}_wrist"], *range(NUM_JOINTS)[part]]
            rows = [row for row in rows if _known(one)[row]]
            theirs = one.joints3d_cam if one.joints3d_cam is not None else one.joints2d
            if theirs is None or not getattr(one.sample.valid, f"{name}_hand") or len(rows) < LEAST_HAND_JOINTS:
                continue
            found = {}
            for way, hand in other_ways(one.sample.pose[part], mean, side):
                found[way] = _misfit(one, skeletons, hand, part, theirs[rows], rows)
            yield found


def _misfit(
    one: Labelled,
    skeletons: Skeletons,
    hand: Float[np.ndarray, "15 3"],
    part: slice,
    theirs: Float[np.ndarray, "n axes"],
    rows: list[int],
) -> float:
    pose = one.sample.pose.copy()
    pose[part] = hand
    rotmats = rotvec_to_rotmat(pose)
    rotmats[0] = one.R_cam_world @ rotmats[0]
    ours = chain(rotmats, skeletons.rest(one)[0])[1] + one.transl_cam
    size = max(float(np.ptp(theirs, axis=0).max()), 1e-6)
    if theirs.shape[1] == 3:
        return similarity_residual(ours[rows], theirs) / size
    a = _pixels(ours[rows], one.K)
    a, b = a - a.mean(0), theirs - theirs.mean(0)
    scale = float((a * b).sum() / max((a**2).sum(), 1e-9))
    return float(np.sqrt(((scale * a - b) ** 2).sum(1).mean())) / size


def _pixels(points_cam: Float[np.ndarray, "n 3"], K: Float[np.ndarray, "3 3"]) -> Float[np.ndarray, "n 2"]:
    """Projected points; those behind the camera are brought before it, so that they are far off and not an error."""
    depth = np.maximum(points_cam[:, 2:], 1e-3)
    return (points_cam / depth @ K.T)[:, :2]


def _known(labelled: Labelled) -> Bool[np.ndarray, "55"]:
    return np.ones(NUM_JOINTS, bool) if labelled.joints_known is None else labelled.joints_known
