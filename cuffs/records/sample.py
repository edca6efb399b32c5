"""Sample: one annotated picture, as `KEY.json` in the shards. The README's table is made from the docstrings here."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Bool, Float

from cuffs.errors import RecordError
from cuffs.records.checks import require_array, require_intrinsics, require_key, require_rigid, require_schema
from cuffs.records.physical import PhysicalRecord
from cuffs.records.pose_sample import PoseOrigin
from cuffs.skeleton import BODY, INDEX, JAW, LEFT_EYE, LEFT_HAND, RIGHT_EYE, RIGHT_HAND

HEAD = INDEX["head"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """Size of `KEY.jpg`."""

    width: int
    """pixels"""

    height: int
    """pixels"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CameraRecord:
    """The camera of the image."""

    K: Float[np.ndarray, "3 3"]
    """3×3 intrinsics, pixels; square pixels, pixel (0, 0) is the outer corner of the top-left pixel"""

    T_world_cam: Float[np.ndarray, "4 4"] | None
    """4×4, camera points to the world (z up), metres; null where unknown"""

    fov_x_deg: float
    """horizontal angle of the whole image"""

    fov_y_deg: float
    """vertical angle of the whole image"""

    distortion: tuple[float, float, float, float, float] | None
    """k1, k2, p1, p2, k3 (OpenCV's model), which picture, mask and all 2D values include; null: none"""

    def __post_init__(self) -> None:
        require_intrinsics(self.K)
        if self.T_world_cam is not None:
            require_rigid("camera.T_world_cam", self.T_world_cam)


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyModelRef:
    """Which body model the parameters belong to; nothing mixes two."""

    name: str
    """name of the model file's kind"""

    sha256: str
    """hash of the model's arrays"""

    num_betas: int
    """shape coefficients in use"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmplxRecord:
    """SMPL-X parameters in the camera frame of the image; neutral model, axis-angle, `flat_hand_mean=True`."""

    global_orient: Float[np.ndarray, "3"]
    """root rotation, camera frame"""

    body_pose: Float[np.ndarray, "21 3"]
    """21 body joints"""

    left_hand_pose: Float[np.ndarray, "15 3"]
    """15 joints, absolute, never PCA"""

    right_hand_pose: Float[np.ndarray, "15 3"]
    """15 joints, absolute, never PCA"""

    jaw_pose: Float[np.ndarray, "3"]
    """jaw"""

    leye_pose: Float[np.ndarray, "3"]
    """left eye"""

    reye_pose: Float[np.ndarray, "3"]
    """right eye"""

    betas: Float[np.ndarray, "10"]
    """shape; one set per identity"""

    expression: Float[np.ndarray, "10"]
    """facial expression"""

    transl: Float[np.ndarray, "3"]
    """translation, metres; note that the root turns about the pelvis, not the origin"""

    @classmethod
    def of_full_pose(
        cls,
        pose: Float[np.ndarray, "55 3"],
        *,
        betas: Float[np.ndarray, "10"],
        expression: Float[np.ndarray, "10"],
        transl: Float[np.ndarray, "3"],
    ) -> "SmplxRecord":
        """From all 55 joint rotations, axis-angle, in the order of `skeleton.JOINTS`; `full_pose` undoes it."""
        return cls(
            global_orient=pose[0],
            body_pose=pose[BODY],
            left_hand_pose=pose[LEFT_HAND],
            right_hand_pose=pose[RIGHT_HAND],
            jaw_pose=pose[JAW],
            leye_pose=pose[LEFT_EYE],
            reye_pose=pose[RIGHT_EYE],
            betas=betas,
            expression=expression,
            transl=transl,
        )

    def full_pose(self) -> Float[np.ndarray, "55 3"]:
        """All 55 joint rotations in the order of `skeleton.JOINTS`."""
        face = np.stack([self.jaw_pose, self.leye_pose, self.reye_pose])
        return np.concatenate(
            [self.global_orient[None], self.body_pose, face, self.left_hand_pose, self.right_hand_pose]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFlags:
    """A yes or no for each hand."""

    left: bool
    right: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandSizes:
    """Longer side of the box of each hand's projected vertices, pixels."""

    left: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualStats:
    """Distances between the rendered body and the label's body, millimetres."""

    mean: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FitResidual:
    """Residual of the fit by body part, millimetres, over all of the part's vertices but the eyeballs."""

    all: ResidualStats
    body: ResidualStats
    head: ResidualStats
    left_hand: ResidualStats
    right_hand: ResidualStats
    fingers: ResidualStats
    face: ResidualStats


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterRecord:
    """Who was rendered."""

    kind: str
    """open or humgen3d"""

    identity: str
    """name of the identity in the plan"""

    garments: tuple[str, ...]
    """what they wear"""

    materials: tuple[str, ...]
    """skin, then one a garment, then hair: shader and pattern"""

    hair: str | None
    """name of the hair, null: none"""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoseSourceRecord:
    """Where the requested pose came from; the label is the fit, never the request."""

    body: PoseOrigin
    left_hand: PoseOrigin
    right_hand: PoseOrigin


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonRecord:
    """One person of the image."""

    smplx: SmplxRecord
    hand_valid: HandFlags
    """whether each hand's pose is truth"""

    face_valid: bool
    """whether jaw and face vertices are truth"""

    expression_valid: bool
    """whether the expression coefficients are truth"""

    depth_valid: bool
    """whether the distance is truth (not so where a dataset's camera is virtual)"""

    betas_valid: bool
    """whether the shape is truth"""

    joints2d: Float[np.ndarray, "55 2"] | None
    """projected joints, pixels; null where one of them lies behind the camera"""

    joints3d_cam: Float[np.ndarray, "55 3"]
    """joints of the labelled body, camera frame, metres"""

    in_frame: Bool[np.ndarray, "55"]
    """0 <= x < width, 0 <= y < height, z > 0"""

    occluded: tuple[int | None, ...] | None
    """per joint: 0 visible, 1 hidden by another person or thing, 2 hidden by another limb of one's own, null out of
    frame or unknown"""

    bbox_xyxy: tuple[float, float, float, float] | None
    """box of the instance mask, pixels, within the frame; null where nothing of the person is seen"""

    bbox_body_xyxy: tuple[float, float, float, float]
    """box of the labelled body's projected mesh, pixels, not clipped"""

    visible_fraction: float | None
    """pixels in the mask ÷ pixels of the person rendered alone, not clipped by the frame"""

    hand_px: HandSizes
    """size of each hand in the image"""

    fit_mm: FitResidual | None
    """residual of the fit by part: mean, p95, p99, max"""

    fit_converged: bool | None
    """whether the fit's last step was below its tolerance"""

    landmarks2d: Float[np.ndarray, "72 2"] | None
    """21 vertex picks (nose, eyes, ears, toes, heels, fingertips) and 51 face landmarks in `smplx`'s order, pixels"""

    character: CharacterRecord | None
    pose_source: PoseSourceRecord
    physical: PhysicalRecord | None = None
    """what can't be in reality, measured on what was rendered; null: not measured"""

    def __post_init__(self) -> None:
        require_array("people.joints3d_cam", self.joints3d_cam, 55, 3)
        allowed = {0, 1, 2, None}
        if self.occluded is not None and (len(self.occluded) != 55 or not set(self.occluded) <= allowed):
            raise RecordError(f"people.occluded must be 55 of 0, 1, 2 or null, found {self.occluded}.")
        if self.visible_fraction is not None and not 0 <= self.visible_fraction <= 1:
            raise RecordError(f"people.visible_fraction is {self.visible_fraction}, but lies between 0 and 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectsRecord:
    """What the picture went through."""

    aperture_m: float
    """diameter of the entrance pupil; 0: everything is sharp"""

    focus_m: float | None
    """depth that is sharp; null: all"""

    shake_deg: tuple[float, float, float]
    """turn of the camera about its axes during the exposure; labels are for the middle of it"""

    exposure_ev: float
    """over (positive) or under the meter, stops"""

    white_balance: tuple[float, float, float]
    """gain of red, green and blue"""

    shot_noise: float
    """standard deviation of a white pixel by photon noise"""

    read_noise: float
    """standard deviation in the dark"""

    jpeg_quality: int
    """1 to 100"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How the sample came about; enough to make it again."""

    recipe_hash: str
    seed: int
    slot: int
    attempt: int
    chunk: int
    split: Literal["train", "val", "test"]
    place: str
    """kind, kind/style or kind:file"""

    light: str
    """what a person would call the light"""

    licences: tuple[str, ...]
    versions: Mapping[str, str]
    low_light: bool = False
    """whether a dark picture was asked for"""

    effects: EffectsRecord | None = None
    """what lens, sensor and file format did to the picture; labels come from before; null: unknown"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """The whole of `KEY.json`."""

    SCHEMA: ClassVar[str] = "cuffs-sample/1"

    key: str
    """name of the sample, `[a-z0-9_]{1,64}`"""

    image: ImageRecord
    camera: CameraRecord
    body_model: BodyModelRef
    people: tuple[PersonRecord, ...]
    """near → far by the head's z"""

    provenance: Provenance
    schema: str = SCHEMA
    """kind and version of this record"""

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_key(self.key)
        heads = [person.joints3d_cam[HEAD, 2] for person in self.people]
        if heads != sorted(heads):
            raise RecordError(f"people of {self.key} are not sorted near to far by the head's z: {heads}.")
