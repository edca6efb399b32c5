"""A pose together with what its data set says about the picture it was labelled in."""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

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

    expression: Float[np.ndarray, " num_expressions"] = field(default_factory=lambda: np.zeros(0))
    """Facial expression, which moves joints by fractions of a millimetre."""

    joints2d: Float[np.ndarray, "55 2"] | None = None
    """The data set's projected joints, pixels."""

    joints3d_cam: Float[np.ndarray, "55 3"] | None = None
    """The data set's joints, metres."""

    joints_known: Bool[np.ndarray, "55"] | None = None
    """Which joints the data set gives; None: all."""
