"""The person that the network's numbers are added to: the mean of the training data."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from cuffs.skeleton import BODY, JAW, LEFT_HAND, NUM_JOINTS, RIGHT_HAND
from trainer.model.rotations import mean_rotation, rotmat_to_sixd, rotvec_to_rotmat

POSED = (0, *range(BODY.start, BODY.stop), *range(LEFT_HAND.start, RIGHT_HAND.stop), JAW)
"""The 53 joints that the network poses, in its order: root, body, left hand, right hand, jaw. Eyes stay at rest."""

NUM_POSED = len(POSED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanPerson:
    """Pose in the 6D form of `sixd_to_rotmat`, shape, expression, and the depth number of `encode_depth`."""

    pose_sixd: Float[Tensor, "53 6"]
    betas: Float[Tensor, "10"]
    expression: Float[Tensor, "10"]
    depth_code: float


def neutral_person() -> MeanPerson:
    """Where no data is at hand: upright before the camera, at 2.5 m in a 60 degree view, all joints at rest."""
    pose = torch.tensor([1.0, 0, 0, 0, 1, 0]).repeat(NUM_POSED, 1)
    # SMPL-X looks along z with y up, the camera along z with y down: half a turn about x faces them.
    pose[0] = torch.tensor([1.0, 0, 0, 0, -1, 0])
    return MeanPerson(
        pose_sixd=pose, betas=torch.zeros(10), expression=torch.zeros(10), depth_code=math.log(2.5)
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeopleValid:
    """Which parts of each person are truth; the fields of `Batch`."""

    hand: Bool[Tensor, "people 2"]
    face: Bool[Tensor, " people"]
    expression: Bool[Tensor, " people"]
    depth: Bool[Tensor, " people"]
    betas: Bool[Tensor, " people"]

    def joints(self) -> Bool[Tensor, "people 55"]:
        """Whose rotation is truth: hands and face have flags of their own."""
        valid = self.face.new_ones(len(self.face), NUM_JOINTS)
        valid[:, LEFT_HAND] = self.hand[:, :1]
        valid[:, RIGHT_HAND] = self.hand[:, 1:]
        valid[:, JAW : LEFT_HAND.start] = self.face[:, None]
        return valid


def mean_person(
    rotvecs: Float[Tensor, "people 55 3"],
    betas: Float[Tensor, "people 10"],
    expression: Float[Tensor, "people 10"],
    *,
    depth_code: Float[Tensor, " people"],
    valid: PeopleValid,
) -> MeanPerson:
    """The mean of people, each part over those who have it: rotations by chordal mean, the rest as numbers.

    Args:
        rotvecs: radians, camera frame.
        betas: shape.
        expression: of the face.
        depth_code: of the primary keypoint, by `encode_depth`.
        valid: what counts. What nobody has is as in `neutral_person`.
    """
    neutral = neutral_person()
    if not len(rotvecs):
        return neutral
    rotmats = mean_rotation(rotvec_to_rotmat(rotvecs.double()), valid.joints().double())

    def mean(values: Tensor, counts: Tensor, otherwise: Tensor) -> Tensor:
        return values[counts].double().mean(0).float() if counts.any() else otherwise

    return MeanPerson(
        pose_sixd=rotmat_to_sixd(rotmats)[list(POSED)].float(),
        betas=mean(betas, valid.betas, neutral.betas),
        expression=mean(expression, valid.expression, neutral.expression),
        depth_code=float(mean(depth_code, valid.depth, torch.tensor(neutral.depth_code))),
    )
