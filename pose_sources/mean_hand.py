"""The model's mean hand, and whether a data set's hands are measured from it.

Hands are 45 axis-angles, absolute or relative to the mean hand; the two differ by a plain sum (`pose_formats.md`, 0.1).
AGORA, UBody and InterHand store relative ones, so reading them needs the mean hand of SMPL-X (MANO's is the same). It
comes with the licensed model only; the open body's is another.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.errors import AssetBroken, PoseFileError
from cuffs.npz import read_npz
from cuffs.rotations import mirror_rotvec
from cuffs.skeleton import HANDS, NUM_JOINTS
from cuffs.unpickle import read_pickle

log = logging.getLogger(__name__)

HandConvention = Literal["absolute", "relative"]

MEAN_INDEX2: Final = np.array([0.1088, 0.0660, 0.7562])
"""Rotation of the right index2 in SMPL-X's mean hand, as published; the left one's y and z have the other sign."""

NEAR_RAD: Final = 2e-3
FLAT_RAD: Final = 1e-5

REMEDY: Final = (
    "put the licensed SMPLX_NEUTRAL.npz into the folder that CUFFS_ASSETS names, or set mean_hand_path to a file that "
    "has the mean hand: SMPL-X's, MANO_RIGHT.pkl, or a motion whose hands were not recorded (most of BEDLAM's)."
)


@dataclass(frozen=True, slots=True, eq=False)
class MeanHand:
    """The mean hand, absolute, radians: left, right."""

    hands: Float[np.ndarray, "2 15 3"]

    def absolute(self, relative: Float[np.ndarray, "*batch 2 15 3"]) -> Float[np.ndarray, "*batch 2 15 3"]:
        """Hands relative to the mean as absolute ones: the plain sum of axis-angles, as SMPL-X's code has it."""
        return relative + self.hands

    def relative(self, absolute: Float[np.ndarray, "*batch 2 15 3"]) -> Float[np.ndarray, "*batch 2 15 3"]:
        """The inverse of `absolute`."""
        return absolute - self.hands


def find_mean_hand(path: Path | None, model: BodyModel | None) -> MeanHand | None:
    """The mean hand: of the file that the recipe names, else of the licensed body model in use; None without either.

    Raises:
        PoseFileError: if the file has none.
    """
    if path is not None:
        return read_mean_hand(path)
    if model is not None and model.name == "smplx-neutral":
        return MeanHand(model.hands_mean.reshape(2, 15, 3))
    return None


def require_mean_hand(mean: MeanHand | None, path: Path) -> MeanHand:
    """The mean hand, where hands can't be read without it.

    Raises:
        PoseFileError: if there is none, with what to do.
    """
    if mean is None:
        raise PoseFileError(f"{path}: its hands are relative to SMPL-X's mean hand, which is not at hand: {REMEDY}")
    return mean


def read_mean_hand(path: Path) -> MeanHand:
    """The mean hand of an SMPL-X file, a MANO file, or a recording in which nobody's hands were recorded.

    Raises:
        PoseFileError: if the file holds none.
    """
    arrays = _arrays(path)
    if "hands_meanl" in arrays and "hands_meanr" in arrays:
        hands = [_hand(path, name, arrays[name]) for name in ("hands_meanl", "hands_meanr")]
    elif "hands_mean" in arrays:  # MANO: one side a file
        hand = _hand(path, "hands_mean", arrays["hands_mean"])
        right = mirror_rotvec(hand) if hand[1, 2] < 0 else hand
        hands = [mirror_rotvec(right), right]
    elif "poses" in arrays and arrays["poses"].ndim == 2 and arrays["poses"].shape[1] == 3 * NUM_JOINTS:
        poses = arrays["poses"].astype(np.float64).reshape(-1, NUM_JOINTS, 3)
        hands = [poses[0, part] for part in HANDS.values()]
        still = all(np.ptp(poses[:, part], axis=0).max() < FLAT_RAD for part in HANDS.values())
        if not still or np.abs(hands[1][1] - MEAN_INDEX2).max() > NEAR_RAD:
            raise PoseFileError(f"{path}: its hands are not the mean hand throughout. Name another: {REMEDY}")
    else:
        raise PoseFileError(
            f"{path}: no hands_meanl and hands_meanr, hands_mean or poses in it. Name another: {REMEDY}"
        )
    found = np.stack(hands)
    if np.abs(mirror_rotvec(found[0]) - found[1]).max() > 1e-3 or np.abs(found).max() < FLAT_RAD:
        raise PoseFileError(
            f"{path}: its mean hands are flat, or not each other's mirror image. Name another: {REMEDY}"
        )
    return MeanHand(found)


def _arrays(path: Path) -> Mapping[str, np.ndarray]:
    wanted = frozenset({"hands_meanl", "hands_meanr", "hands_mean", "poses"})
    if path.suffix != ".pkl":
        return read_npz(path, only=wanted, error=PoseFileError)
    if not path.is_file():
        raise PoseFileError(f"{path} is not there.")
    try:
        data = read_pickle(path, what="The mean hand", remedy=REMEDY)
    except AssetBroken as problem:
        raise PoseFileError(str(problem)) from problem
    if not isinstance(data, Mapping):
        raise PoseFileError(f"{path}: it holds a {type(data).__name__}, not named arrays. Name another: {REMEDY}")
    return {name: np.asarray(data[name]) for name in wanted & data.keys()}


def _hand(path: Path, name: str, array: np.ndarray) -> Float[np.ndarray, "15 3"]:
    if array.size != 45 or array.dtype.kind != "f" or not np.isfinite(array).all():
        raise PoseFileError(f"{path}: {name} is {array.shape} {array.dtype}, but must be 45 finite numbers.")
    return array.astype(np.float64).reshape(15, 3)


@dataclass(frozen=True, slots=True)
class HandsFound:
    """What the mean-hand detector says of some hands."""

    convention: HandConvention | None
    """None: the hands don't tell."""

    why: str


LEAST_HANDS: Final = 8
CLEAR: Final = 0.8
"""The nearer centre must be this much nearer: hands of people spread less about their mean than the mean is bent."""


def detect_convention(hands: Float[np.ndarray, "poses 2 15 3"], mean: MeanHand | None) -> HandsFound:
    """Whether hands are absolute or relative to the mean hand (`pose_formats.md`, 0.1).

    Hands that nobody measured tell for certain: they are the mean hand itself in absolute data, and in no other. Else
    measured hands tell by their middle: relative ones scatter about zero, absolute ones about the mean hand.

    Args:
        hands: of many poses, left and right, radians.
        mean: the mean hand; without it only unmeasured hands tell, by their published index finger.
    """
    flat = hands.reshape(-1, 45)
    index2 = hands[:, :, 1]
    centre = MEAN_INDEX2 * np.array([[1, -1, -1], [1, 1, 1]]) if mean is None else mean.hands[:, 1]
    are_mean = np.abs(index2 - centre).max(-1) < NEAR_RAD
    if mean is not None:
        are_mean &= np.abs(hands - mean.hands).max((-1, -2)) < NEAR_RAD
    if are_mean.any():
        return HandsFound("absolute", f"{int(are_mean.sum())} of {are_mean.size} hands are the mean hand itself")
    measured = np.abs(flat).max(1) > FLAT_RAD
    distinct = len(np.unique(flat[measured].round(4), axis=0))
    if mean is None or distinct < LEAST_HANDS:
        cause = "the mean hand is not at hand" if mean is None else f"there are only {distinct} different ones"
        return HandsFound(None, f"no hand is the mean hand itself, and {cause}")
    to_zero = float(np.median(np.linalg.norm(flat[measured], axis=1)))
    away = np.linalg.norm((hands - mean.hands).reshape(-1, 45)[measured], axis=1)
    to_mean = float(np.median(away))
    found = f"half of {int(measured.sum())} hands lie within {to_zero:.2f} of zero, {to_mean:.2f} of the mean hand"
    if to_zero < CLEAR * to_mean:
        return HandsFound("relative", found)
    return HandsFound("absolute" if to_mean < CLEAR * to_zero else None, found)


def hands_measured(hands: Float[np.ndarray, "2 15 3"]) -> tuple[bool, bool]:
    """Whether somebody measured the left and the right of two absolute hands: not if it is flat, or the mean hand.

    The published index2 stands for the mean hand: no measured finger hits three numbers to two thousandths.
    """
    left, right = (
        bool(np.abs(hand).max() > FLAT_RAD and np.abs(hand[1] * sign - MEAN_INDEX2).max() > NEAR_RAD)
        for hand, sign in zip(hands, ([1.0, -1.0, -1.0], [1.0, 1.0, 1.0]), strict=True)
    )
    return left, right
