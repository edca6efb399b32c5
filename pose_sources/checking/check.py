"""All checks of a source, as far as it can be put through them."""

from collections.abc import Iterator
from typing import Final, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from cuffs.skeleton import HANDS
from pose_sources.agora import AgoraSource
from pose_sources.bedlam.labels import LabelSource
from pose_sources.checking.finding import Finding
from pose_sources.checking.hands import judge_ways, other_ways
from pose_sources.checking.pictures import Skeletons, check_pictures
from pose_sources.checking.poses import check_poses
from pose_sources.checking.routes import check_routes
from pose_sources.interhand import InterHandSource
from pose_sources.interhand.misfit import hand_misfit_mm
from pose_sources.labelled import Labelled
from pose_sources.mean_hand import MeanHand
from pose_sources.procedural.figure import SIDES
from pose_sources.rest_shapes import RestShapes
from pose_sources.source import IndexedPoseSource, PoseSource

SEED: Final = 0
"""Which poses are looked at is the same every time."""


@runtime_checkable
class LabelledPoseSource(Protocol):
    """A source that knows the pictures its poses were labelled in."""

    def labelled(self, number: int) -> Labelled:
        """One pose with the camera and joints of its picture.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if a file can't be used, or these poses have no pictures.
        """
        ...


def check_source(
    source: PoseSource, count: int, *, shapes: RestShapes, average: Float[np.ndarray, "55 3"], mean: MeanHand | None
) -> Iterator[Finding]:
    """Check some poses of a source.

    Args:
        source: an open one.
        count: poses that are looked at.
        shapes: body models at hand.
        average: joints of an average body at rest, metres.
        mean: the mean hand, where it is at hand.

    Raises:
        PoseFileError: if a pose can't be read.
    """
    rng = np.random.default_rng(SEED)
    if isinstance(source, IndexedPoseSource):
        numbers = np.unique(np.linspace(0, len(source) - 1, count).astype(int)).tolist()
        samples = [source[number] for number in numbers]
        yield Finding("note", "poses", f"{len(source)} of {source.name}; {len(samples)} of them are looked at")
    else:
        numbers, samples = [], [source.draw(rng) for _ in range(count)]
    yield from check_poses(samples, mean)
    if isinstance(source, LabelSource):
        yield from check_routes(source, shapes)
    if isinstance(source, InterHandSource):
        yield from _interhand(source, numbers, average)
    if isinstance(source, LabelledPoseSource) and _has_pictures(source):
        labelled = [source.labelled(number) for number in numbers]
        yield from check_pictures(labelled, Skeletons(shapes=shapes, average=average), mean)


def _has_pictures(source: PoseSource | LabelledPoseSource) -> bool:
    return not isinstance(source, AgoraSource) or source.config.each == "crop"


def _interhand(source: InterHandSource, numbers: list[int], average: Float[np.ndarray, "55 3"]) -> Iterator[Finding]:
    """Fits against the joints that were annotated, in every way the hands might be meant."""
    misfits = []
    for number in numbers:
        sample, joints = source[number], source.joints(number)
        for side, name in enumerate(SIDES):
            if joints is None or not getattr(sample.valid, f"{name}_hand"):
                continue
            hand = sample.pose[HANDS[name]]
            found = {
                way: hand_misfit_mm(name, one, joints.joints_mm[name], joints.valid[name], rest_joints=average)
                for way, one in other_ways(hand, source.mean, side)
            }
            if all(value is not None for value in found.values()):
                misfits.append({way: float(value or 0.0) for way, value in found.items()})
    if not misfits:
        yield Finding("note", "hands against joints", "no …_joint_3d.json beside the fits")
        return
    yield judge_ways(misfits, "mm")
    far = float(np.mean([one["as read"] > 40 for one in misfits]))
    yield Finding("note", "outliers", f"{far:.1%} of hands are more than 40 mm off; max_misfit_mm leaves such out")
