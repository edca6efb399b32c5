"""What a reader gives of a picture: where it may lie, and who is in it, in our conventions but not yet our model's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from cuffs.records import HandFlags, PoseOrigin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenPerson:
    """Somebody as a data set labels them."""

    pose: Float[np.ndarray, "55 3"]
    """Axis-angle, the root in the camera's frame, hands absolute."""

    betas: Float[np.ndarray, " num_betas"] | None
    """Shape in the neutral SMPL-X; None where the data set's shape is of another model."""

    expression: Float[np.ndarray, " num_expressions"]
    pelvis_cam: Float[np.ndarray, "3"]
    """The posed pelvis, metres: what the body turns about, so the same in whatever model it is posed."""

    joints3d_cam: Float[np.ndarray, "55 3"] | None
    """The data set's joints, metres, where it gives them: a shape of another model is approximated by them."""

    K: Float[np.ndarray, "3 3"]
    """Of the picture at `GivenPicture.size`, pixels."""

    hand_valid: HandFlags
    face_valid: bool
    expression_valid: bool
    depth_valid: bool
    origin: PoseOrigin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenPicture:
    """A picture and the people labelled in it."""

    name: str
    """In the data set, for messages."""

    places: Sequence[str]
    """Where it may lie below the data set's folder, tried in this order; a name without a folder lies anywhere."""

    size: tuple[int, int] | None
    """Width and height that the labels are for; None: those of the file."""

    may_lie: bool
    """The file may lie on its side, as BEDLAM keeps pictures taken upright; told by the principal point."""

    split: Literal["train", "val", "test"]
    people: Sequence[GivenPerson]


ReadPicture = Callable[[], GivenPicture]
"""Reads a picture's labels when it is called: those of shards that are there already are not read again."""
