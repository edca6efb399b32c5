"""The body model: SMPL-X's own file format, the user's licensed file or the open stand-in."""

from cuffs.body.find import find_body_model
from cuffs.body.load import joint_regressor, load_body_model
from cuffs.body.model import BodyModel, forward, landmarks
from cuffs.body.parts import body_parts

__all__ = [
    "BodyModel",
    "body_parts",
    "find_body_model",
    "forward",
    "joint_regressor",
    "landmarks",
    "load_body_model",
]
