"""The labels of one picture as arrays, and their mirror image."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import KDTree

from cuffs.body import BodyModel
from cuffs.records import PersonRecord
from cuffs.rotations import mirror_rotvec
from cuffs.skeleton import INDEX, MIRROR, NUM_JOINTS

HEAD, PELVIS = INDEX["head"], INDEX["pelvis"]
FLIP = np.array([-1.0, 1.0, 1.0])
"""A point's mirror image in x."""

NUM_COEFFICIENTS = 10
"""Of shape, and of expression."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PeopleLabels:
    """People of one picture, near to far by the head's z; camera frame, metres, radians. There may be none."""

    rotvecs: Float[np.ndarray, "people 55 3"]
    betas: Float[np.ndarray, "people 10"]
    expression: Float[np.ndarray, "people 10"]
    transl: Float[np.ndarray, "people 3"]
    head_cam: Float[np.ndarray, "people 3"]
    """The head joint; not for training, but for framing."""

    hand_valid: Bool[np.ndarray, "people 2"]
    face_valid: Bool[np.ndarray, " people"]
    expression_valid: Bool[np.ndarray, " people"]
    depth_valid: Bool[np.ndarray, " people"]
    betas_valid: Bool[np.ndarray, " people"]


def labels_of(people: Sequence[PersonRecord]) -> PeopleLabels:
    """The arrays of an annotation's people, in its order."""

    def floats(rows: list[np.ndarray], *shape: int) -> np.ndarray:
        return np.array(rows, np.float64).reshape(len(rows), *shape)

    def flags(rows: list[bool]) -> np.ndarray:
        return np.array(rows, bool).reshape(len(rows))

    return PeopleLabels(
        rotvecs=floats([person.smplx.full_pose() for person in people], NUM_JOINTS, 3),
        betas=floats([person.smplx.betas for person in people], NUM_COEFFICIENTS),
        expression=floats([person.smplx.expression for person in people], NUM_COEFFICIENTS),
        transl=floats([person.smplx.transl for person in people], 3),
        head_cam=floats([person.joints3d_cam[HEAD] for person in people], 3),
        hand_valid=np.array([[person.hand_valid.left, person.hand_valid.right] for person in people], bool).reshape(
            len(people), 2
        ),
        face_valid=flags([person.face_valid for person in people]),
        expression_valid=flags([person.expression_valid for person in people]),
        depth_valid=flags([person.depth_valid for person in people]),
        betas_valid=flags([person.betas_valid for person in people]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MirrorRule:
    """What a picture's mirror image does to the parameters of a body model. Small: it travels to loading processes."""

    betas: Float[np.ndarray, "10 10"]
    """Times this: shape coefficients of the mirror image. The identity on a symmetric model."""

    expression: Float[np.ndarray, "10 10"]
    """Likewise. A crooked smile turns to the other side: on a symmetric model this is 1 or -1 for each coefficient."""

    pelvis: Float[np.ndarray, "3"]
    """The template's pelvis, which the root turns about, metres."""

    pelvis_betas: Float[np.ndarray, "3 10"]
    pelvis_expression: Float[np.ndarray, "3 10"]
    residual_mm: float
    """Largest distance between the mirrored template's vertices and the nearest of the template's own."""


def mirror_rule(model: BodyModel) -> MirrorRule:
    """How a body model's parameters change in a mirror.

    The template's vertices are paired with the nearest of its mirror image; the coefficients' maps are those that move
    the paired vertices most nearly as the mirrored directions do (least squares).
    """
    distance, nearest = KDTree(model.v_template).query(model.v_template * FLIP)
    pair = np.asarray(nearest)
    shape, expression = model.shapedirs[..., :NUM_COEFFICIENTS], model.exprdirs[..., :NUM_COEFFICIENTS]
    return MirrorRule(
        betas=_mirrored_coefficients(shape, pair),
        expression=_mirrored_coefficients(expression, pair),
        pelvis=model.joint_template[PELVIS],
        pelvis_betas=model.joint_shapedirs[PELVIS, :, :NUM_COEFFICIENTS],
        pelvis_expression=model.joint_exprdirs[PELVIS, :, :NUM_COEFFICIENTS],
        residual_mm=float(1000 * np.max(distance)),
    )


def _mirrored_coefficients(directions: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """The matrix A with directions @ (A c) nearest to the mirror image of directions @ c, for every c."""
    flat = directions.reshape(-1, directions.shape[-1])
    mirrored = (directions[pair] * FLIP[:, None]).reshape(flat.shape)
    return np.linalg.lstsq(flat, mirrored, rcond=None)[0]


def mirror_people(people: PeopleLabels, rule: MirrorRule) -> PeopleLabels:
    """The people as seen in a mirror whose normal is the camera's x. Depths, hence their order, stay.

    Left and right joints change places. SMPL-X's root turns about the pelvis, so the pelvis' own place (it depends on
    shape) decides what `transl` becomes: the mirrored pelvis must land on the pelvis of the mirrored body.
    """
    betas = people.betas @ rule.betas.T
    expression = people.expression @ rule.expression.T

    def pelvis(betas: np.ndarray, expression: np.ndarray) -> np.ndarray:
        return rule.pelvis + betas @ rule.pelvis_betas.T + expression @ rule.pelvis_expression.T

    before = pelvis(people.betas, people.expression) + people.transl
    return PeopleLabels(
        rotvecs=mirror_rotvec(people.rotvecs[:, list(MIRROR)]),
        betas=betas,
        expression=expression,
        transl=before * FLIP - pelvis(betas, expression),
        head_cam=people.head_cam * FLIP,
        hand_valid=people.hand_valid[:, ::-1].copy(),
        face_valid=people.face_valid,
        expression_valid=people.expression_valid,
        depth_valid=people.depth_valid,
        betas_valid=people.betas_valid,
    )


def concatenate_people(parts: Sequence[PeopleLabels]) -> PeopleLabels:
    """The people of several pictures as one list."""
    names = [field.name for field in fields(PeopleLabels)]
    return PeopleLabels(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
