"""A pose together with what its data set says about the picture it was labelled in."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from cuffs.records import PoseSample


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Labelled:
    """A pose as read, and the data set's own camera and joints: enough to hold one against the other."""

    sample: PoseSample
    """Its world's origin is the camera."""

    R_cam_world: Float[np.ndarray, "3 3"]
    """From the sample's world to the camera's axes (x right, y down, z forward)."""

    transl_cam: Float[np.ndarray, "3"]
    """SMPL-X's translation in the camera's frame, metres."""

    K: Float[np.ndarray, "3 3"]
    """Pixels."""

    joints2d: Float[np.ndarray, "joints 2"] | None = None
    """The data set's projected joints in SMPL-X's order, pixels."""

    joints3d_cam: Float[np.ndarray, "joints 3"] | None = None
    """The data set's joints in SMPL-X's order, metres."""
