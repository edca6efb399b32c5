"""What a recipe's poses are like: some of them, those that were refused, and figures of both; before and after what the
recipe filters, weighs and refuses."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.records import PoseSample
from cuffs.rotations import rotvec_to_rotmat
from cuffs.seeding import stream
from cuffs.skeleton import FINGERS, INDEX
from pose_sources.anatomy import Anatomy
from pose_sources.features import PoseFeatures, body_descriptor, hand_descriptor, sample_features
from pose_sources.features.placed import place_poses
from pose_sources.limits import LIMITED, RANGES
from pose_sources.mixture import DrawnPose, MixtureConfig, Poses
from pose_sources.natural import Cause
from pose_sources.opening import BodyAtHand, PosesConfig, open_poses

BATCH: Final = 32
MOST_ATTEMPTS: Final = 50
"""Times the poses that are wanted: how many are drawn before a recipe is taken for one that refuses all."""

RANGE_JOINTS: Final = (
    "spine1", "spine2", "spine3", "neck", "head", "collar", "elbow", "wrist", "hip", "knee", "ankle",
    *(f"{finger}{number}" for finger in FINGERS for number in (1, 2, 3)),
)  # fmt: skip
"""Joints whose angles are shown, left and right together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Refused:
    """A pose that was refused."""

    pose: DrawnPose
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Some poses with their figures."""

    poses: tuple[DrawnPose, ...]
    features: PoseFeatures
    body: Float[np.ndarray, "poses body"]
    """Descriptors."""

    hands: Float[np.ndarray, "both hands"]
    """Of all left hands, then of all right ones."""

    angles_deg: Mapping[tuple[str, str], Float[np.ndarray, " values"]]
    """By joint of `RANGE_JOINTS` and angle: left and right together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """A recipe's poses."""

    before: Group | None
    """As the sources give them; None where the recipe takes them as they are."""

    after: Group
    """As they are used."""

    refused: tuple[Refused, ...]
    attempts: int

    def causes(self) -> dict[str, int]:
        """How often each cause was the first that spoke against a pose."""
        return dict(Counter(one.causes[0].name for one in self.refused).most_common())


def survey_poses(
    config: PosesConfig, count: int, seed: int, *, folder: Path, body: BodyAtHand, cache: Path | None
) -> Survey:
    """Draw poses as a plan with this seed would, and look at them.

    Args:
        config: what the recipe says.
        count: how many poses are wanted.
        seed: of the draws.
        folder: what relative paths start from.
        body: the body model that the poses are for.
        cache: where is kept what was found when sources were looked through.

    Raises:
        ConfigError: if nearly all are refused.
        PoseFileError: if a file is missing or can't be used.
    """
    poses = open_poses(config, folder=folder, body=body, cache=cache)
    after, refused = attempt_many(poses, count, seed)
    before = None
    if (plain := _unfiltered(config)) != config:
        raw = open_poses(plain, folder=folder, body=body)
        before = group_of(raw.anatomy, [raw.attempt(stream(seed, "survey", n)) for n in range(count)])
    return Survey(
        before=before,
        after=group_of(poses.anatomy, after),
        refused=tuple(refused),
        attempts=len(after) + len(refused),
    )


def attempt_many(poses: Poses, count: int, seed: int) -> tuple[list[DrawnPose], list[Refused]]:
    """Draw until enough are accepted, and keep the refused ones too. Faster than `Poses.draw`, which looks at one.

    Args:
        poses: where from.
        count: of accepted poses wanted; fewer come back where `MOST_ATTEMPTS` times as many were drawn.
        seed: of the draws.
    """
    accepted: list[DrawnPose] = []
    refused: list[Refused] = []
    for first in range(0, MOST_ATTEMPTS * count, BATCH):
        drawn = [poses.attempt(stream(seed, "survey", n)) for n in range(first, first + BATCH)]
        for pose, causes in zip(drawn, poses.all_causes(drawn), strict=True):
            if len(accepted) == count:
                return accepted, refused
            if causes:
                refused.append(Refused(pose=pose, causes=causes))
            else:
                accepted.append(pose)
    return accepted, refused


def evenly(refused: Sequence[Refused], count: int) -> list[Refused]:
    """Some of the refused poses: of every first cause as evenly as there are, ordered by cause."""
    groups: dict[str, list[Refused]] = {}
    for one in refused:
        groups.setdefault(one.causes[0].name, []).append(one)
    chosen: list[Refused] = []
    for place in range(len(refused)):
        chosen += [group[place] for group in groups.values() if place < len(group)]
    return sorted(chosen[:count], key=lambda one: one.causes[0].name)


def group_of(anatomy: Anatomy, poses: Sequence[DrawnPose]) -> Group:
    """Figures of some poses."""
    samples = [pose.body for pose in poses]
    placed = place_poses(anatomy, np.stack([sample.pose for sample in samples]))
    return Group(
        poses=tuple(poses),
        features=sample_features(anatomy, samples),
        body=body_descriptor(placed),
        hands=np.concatenate([hand_descriptor(placed, "left"), hand_descriptor(placed, "right")]),
        angles_deg=_angles(anatomy, samples),
    )


def _angles(anatomy: Anatomy, samples: Sequence[PoseSample]) -> dict[tuple[str, str], Float[np.ndarray, " values"]]:
    angles = anatomy.all_angles_deg(rotvec_to_rotmat(np.stack([sample.pose for sample in samples])))
    found = {}
    for joint in RANGE_JOINTS:
        sides = [name for name in LIMITED if name in (joint, f"left_{joint}", f"right_{joint}")]
        numbers = [INDEX[name] for name in sides]
        for column, limit in enumerate(RANGES[joint]):
            found[joint, limit.angle] = angles[:, numbers, column].ravel()
    return found


def _unfiltered(config: PosesConfig) -> PosesConfig:
    """The recipe without anything that filters, weighs or refuses."""
    if not isinstance(config, MixtureConfig):
        return config
    bodies = tuple(replace(source, select=None) for source in config.bodies)
    hands = tuple(replace(source, select=None) for source in config.hands)
    return replace(config, bodies=bodies, hands=hands, natural=None, where=None)
