"""The open body's face: a jaw that opens the mouth, expression directions, face landmarks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.body.open_expressions import sample_faces
from cuffs.body.open_landmarks import face_landmarks
from cuffs.body.open_people import People, jaw_pivot
from cuffs.body.open_shape import principal_directions, symmetric_points, without
from cuffs.character.anny_model import ADULT
from cuffs.rotations import rotvec_to_rotmat
from cuffs.seeding import stream
from cuffs.skeleton import INDEX

Array = np.ndarray

NOSE_SHARE = 0.06
"""The jawOpen action drags nose and cheeks along by a few per cent; the jaw joint leaves them."""

LIPS_APART_RAD = 0.12
"""Turn of the jaw at which the inner lips are looked for."""

NUM_FACES = 500
"""Expressions are principal directions of so many made-up faces. Ten leave 0.22 mm of the faces that characters make;
ten directions of the single actions left 0.40."""

NUM_EXPRESSIONS = 100
"""What SMPL-X's layout has room for; anny's actions fill half of it, the rest is 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Face:
    """What `make_face` finds."""

    weights: Float[Array, "verts 55"]
    """Skinning weights with the jaw's."""

    jaw_open_rad: float
    expression: Float[Array, "verts 3 100"]
    landmarks: Mapping[str, Array]
    """lmk_* and dynamic_lmk_*, by their names in the file."""


def make_face(people: People, template: Float[Array, "verts 3"]) -> Face:
    """The jaw's weights, expression directions and landmarks of the open body."""
    _, joints = people.lay([ADULT], [{}])[0]
    pivot = jaw_pivot(template, joints)
    actions, labels = people.actions(), list(people.action_labels)
    action = symmetric_points(actions[labels.index("jawOpen")], people.mesh.mirror)
    jaw = fit_jaw(template, pivot, action, action[:, 1].argsort(kind="stable")[:60])
    weights = people.weights.copy()
    weights[:, INDEX["jaw"]] = np.minimum(jaw.weights, weights[:, INDEX["head"]])
    weights[:, INDEX["head"]] -= weights[:, INDEX["jaw"]]
    jaw = Jaw(weights=weights[:, INDEX["jaw"]], open_rad=jaw.open_rad)
    opened = template + jaw.weights[:, None] * _turned(template, pivot, LIPS_APART_RAD)
    acts = sample_faces(labels, NUM_FACES, stream(0, "open body faces"))
    faces = without(np.einsum("fa,avc->fvc", acts, actions, optimize=True), _jaw_motions(template, pivot, jaw))
    return Face(
        weights=weights,
        jaw_open_rad=jaw.open_rad,
        expression=expression_directions(faces, people.mesh.mirror, count=NUM_EXPRESSIONS),
        landmarks=face_landmarks(template, opened, people.mesh.faces, weights),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Jaw:
    """How the jaw joint moves the face."""

    weights: Float[Array, " verts"]
    open_rad: float
    """Angle about x that opens the mouth as the jawOpen action does at weight 1."""


def fit_jaw(
    verts: Float[Array, "verts 3"], pivot: Float[Array, "3"], opened: Float[Array, "verts 3"], chin: Int[Array, " chin"]
) -> Jaw:
    """Weights and angle with which turning about a pivot comes nearest to the jawOpen action.

    Args:
        verts: T-pose.
        pivot: of the jaw, metres.
        opened: the action's offsets at weight 1.
        chin: vertices that move with the jaw wholly: they decide the angle.
    """
    angles = np.radians(np.linspace(1, 40, 400))
    errors = [((_turned(verts[chin], pivot, angle) - opened[chin]) ** 2).sum() for angle in angles]
    angle = float(angles[int(np.argmin(errors))])
    motion = _turned(verts, pivot, angle)
    share = (motion * opened).sum(1) / (motion**2).sum(1).clip(1e-9)
    return Jaw(weights=((share - NOSE_SHARE) / (1 - NOSE_SHARE)).clip(0.0, 1.0), open_rad=angle)


def _turned(verts: Float[Array, "n 3"], pivot: Float[Array, "3"], angle_rad: float) -> Float[Array, "n 3"]:
    turn = rotvec_to_rotmat(np.array([angle_rad, 0.0, 0.0]))
    return (verts - pivot) @ (turn - np.eye(3)).T


def expression_directions(
    actions: Float[Array, "actions verts 3"], image: Int[Array, " verts"], *, count: int
) -> Float[Array, "verts 3 count"]:
    """Directions of facial expression, each mirror-even or mirror-odd, the widest first.

    Args:
        actions: offsets of faces; what the jaw does is taken out before.
        image: mirror image of each vertex.
        count: how many; what is missing is 0.
    """
    even = symmetric_points(actions, image)
    odd = actions - even
    found, widths = [], []
    for half in (even, odd):
        directions, deviations = principal_directions(half, count)
        found.append(directions)
        widths.append(deviations)
    width = np.concatenate(widths)
    order = np.argsort(-width, kind="stable")[: min(count, int((width > 1e-6).sum()))]
    directions = np.concatenate(found, -1)[..., order]
    padded = np.zeros((*directions.shape[:2], count))
    padded[..., : directions.shape[-1]] = directions
    return padded


def _jaw_motions(verts: Float[Array, "verts 3"], pivot: Float[Array, "3"], jaw: Jaw) -> Float[Array, "verts 3 4"]:
    """What turning the jaw does: a little about each axis, and all the way open."""
    motions = [np.cross(axis, verts - pivot) for axis in np.eye(3)]
    return jaw.weights[:, None, None] * np.stack([*motions, _turned(verts, pivot, jaw.open_rad)], -1)
