"""People of a picture as the import takes them: root in the camera's frame, placed by the pelvis, with honest flags."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Int

from cuffs.imports import GivenPerson, GivenPicture, ReadPicture
from cuffs.records import HandFlags, PoseSample
from pose_sources.frames import turned_root
from pose_sources.labelled import Labelled
from pose_sources.source import RestPelvis

NEUTRAL: Final = "smplx-neutral"

TYPICAL_PELVIS: Final = np.array([0.0, -0.35, 0.01])
"""Where SMPL-X's pelvis rests, give or take some centimetres, metres."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pictured:
    """A picture and the numbers of its people in their source."""

    name: str
    places: tuple[str, ...]
    """As `GivenPicture.places`."""

    size: tuple[int, int] | None = None
    """As `GivenPicture.size`."""

    may_lie: bool = False
    """As `GivenPicture.may_lie`."""

    split: Literal["train", "val", "test"]
    numbers: Int[np.ndarray, " people"]


@runtime_checkable
class LabelledSource(Protocol):
    """A source that knows the pictures its poses were labelled in."""

    def labelled(self, number: int) -> Labelled:
        """One pose with its camera."""
        ...


def given_pictures(
    source: LabelledSource, pictures: Iterable[Pictured], rest_pelvis: RestPelvis, *, metric: bool
) -> Iterator[ReadPicture]:
    """Pictures whose people are read when each is called.

    Args:
        source: the pictures are of.
        pictures: in order.
        rest_pelvis: where pelvises of other models rest, as far as these are at hand.
        metric: whether the data set's distances mean anything.
    """
    for picture in pictures:
        yield partial(_given, source, picture, rest_pelvis, metric=metric)


def _given(source: LabelledSource, picture: Pictured, rest_pelvis: RestPelvis, *, metric: bool) -> GivenPicture:
    labelled = [source.labelled(int(number)) for number in picture.numbers]
    return GivenPicture(
        name=picture.name,
        places=picture.places,
        size=picture.size,
        may_lie=picture.may_lie,
        split=picture.split,
        people=[_person(one, rest_pelvis, metric=metric) for one in labelled],
    )


def _person(labelled: Labelled, rest_pelvis: RestPelvis, *, metric: bool) -> GivenPerson:
    sample = labelled.sample
    pose = sample.pose.copy()
    if not np.array_equal(labelled.R_cam_world, np.eye(3)):
        pose[0] = turned_root(labelled.R_cam_world, pose[0])
    pelvis_cam, is_exact = _pelvis_cam(labelled, rest_pelvis)
    is_neutral = sample.betas_model == NEUTRAL
    return GivenPerson(
        pose=pose,
        betas=sample.betas if is_neutral else None,
        expression=labelled.expression,
        pelvis_cam=pelvis_cam,
        joints3d_cam=labelled.joints3d_cam if labelled.joints_known is None else None,
        K=labelled.K,
        hand_valid=HandFlags(left=sample.valid.left_hand, right=sample.valid.right_hand),
        face_valid=sample.valid.jaw,
        expression_valid=sample.valid.jaw and is_neutral and bool(np.any(labelled.expression)),
        depth_valid=metric and is_exact,
        origin=sample.origin,
    )


def _pelvis_cam(labelled: Labelled, rest_pelvis: RestPelvis) -> tuple[Float[np.ndarray, "3"], bool]:
    """Where the pelvis is before the camera, and whether that is known or but about right."""
    j0 = _rest(labelled.sample, rest_pelvis)
    if j0 is not None:
        return labelled.transl_cam + j0, True
    if labelled.joints3d_cam is not None:
        return labelled.joints3d_cam[0], True
    return labelled.transl_cam + TYPICAL_PELVIS, False


def _rest(sample: PoseSample, rest_pelvis: RestPelvis) -> Float[np.ndarray, "3"] | None:
    if sample.betas is None or sample.betas_model is None:
        return None
    return rest_pelvis(sample.betas, sample.betas_model)
