"""PoseSample: one human pose in our one convention, with where it came from."""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from cuffs.records.checks import require_array, require_schema

Gender = Literal["female", "male", "neutral", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseValidity:
    """Which parts of the pose are measured, rather than filled in by the source."""

    root: bool = True
    body: bool = True
    left_hand: bool = True
    right_hand: bool = True
    jaw: bool = True
    eyes: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseOrigin:
    """Where a pose came from, well enough to find it again."""

    dataset: str
    """procedural, amass, …"""

    file: str
    """Path within the source's folder, or the generator's name. Never absolute."""

    row: int
    """Row, sequence or sample number within the file."""

    frame: int
    """Frame number within the row; 0 where there are no frames."""

    fps: float | None = None
    """Frame rate of the recording, where there is one."""

    action: str | None = None
    """The source's own label of what is done."""

    licence: str
    """CC0, AMASS non-commercial, …"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseSample:
    """One pose: 55 joint rotations, and what is known about the body and ground it was recorded with.

    The world's z is up; at identity the body stands with its own y axis up, as SMPL-X rests, so an upright person has
    a global_orient that takes y to z. Hands are absolute (`flat_hand_mean=True`), axis-angle, radians.
    """

    SCHEMA: ClassVar[str] = "cuffs-pose/1"

    pose: Float[np.ndarray, "55 3"]
    """Axis-angle of every joint relative to its parent, in the order of `skeleton.JOINTS`; row 0 is the root."""

    transl: Float[np.ndarray, "3"] | None = None
    """SMPL-X translation in the world, metres, for `betas`; None where unknown."""

    ground_z: float | None = None
    """Height of the floor in the world of `transl`, metres; None where unknown."""

    betas: Float[np.ndarray, " num_betas"] | None = None
    """Shape of the recorded person in `betas_model`. Characters have shapes of their own; this is provenance."""

    betas_model: str | None = None
    """Body model of `betas`, smplx-male say."""

    gender: Gender = "unknown"
    is_kid: bool = False
    valid: PoseValidity = field(default_factory=PoseValidity)
    origin: PoseOrigin
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_array("pose", self.pose, 55, 3)
        if self.transl is not None:
            require_array("transl", self.transl, 3)
        if self.betas is not None:
            require_array("betas", self.betas, -1)
