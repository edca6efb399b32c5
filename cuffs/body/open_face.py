"""The open body's face: a jaw that opens the mouth, expression directions, face landmarks."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.body.open_shape import principal_directions, symmetric_points, without
from cuffs.rotations import rotvec_to_rotmat

Array = np.ndarray

NOSE_SHARE = 0.06
"""The jawOpen action drags nose and cheeks along by a few per cent; the jaw joint leaves them."""


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
        actions: offsets of the facial actions at weight 1; what the jaw does is taken out before.
        image: mirror image of each vertex.
        count: how many; what is missing is 0.
    """
    even = symmetric_points(actions, image)
    odd = actions - even
    found, widths = [], []
    for half in (even, odd):
        directions, deviations = principal_directions(half, len(actions))
        found.append(directions)
        widths.append(deviations)
    width = np.concatenate(widths)
    order = np.argsort(-width, kind="stable")[: min(count, int((width > 1e-6).sum()))]
    directions = np.concatenate(found, -1)[..., order]
    padded = np.zeros((*directions.shape[:2], count))
    padded[..., : directions.shape[-1]] = directions
    return padded


def jaw_free(
    actions: Float[Array, "actions verts 3"], motion: Float[Array, "verts 3"]
) -> Float[Array, "actions verts 3"]:
    """Facial actions without what turning the jaw does already."""
    return without(actions, motion[..., None])


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceFrame:
    """Where a face's features are, metres, SMPL-X's axes: what the landmarks are laid out by."""

    eye: Float[Array, "3"]
    """Centre of the left eyeball."""

    eye_radius: float
    nose_tip: Float[Array, "3"]
    mouth: Float[Array, "3"]
    """Where the lips meet, in the middle."""

    mouth_half_width: float


def landmark_layout(face: FaceFrame) -> Float[Array, "51 2"]:
    """Where the 51 landmarks lie seen from the front (x, y), metres, in iBUG 68's order from number 17 on.

    Brows from the person's right to left, nose from bridge to tip and along the nostrils, eyes around from their outer
    (right) or inner (left) corner, outer lips then inner lips from the right corner over the top.
    """
    eye_x, eye_y, r = face.eye[0], face.eye[1], face.eye_radius
    brow = [
        (eye_x + dx * r, eye_y + dy * r)
        for dx, dy in ((-1.2, 1.05), (-0.6, 1.4), (0.1, 1.55), (0.85, 1.4), (1.55, 0.95))
    ]
    tip_y = face.nose_tip[1]
    bridge = [(0.0, eye_y + (tip_y - eye_y) * share) for share in (-0.02, 0.33, 0.66, 1.0)]
    nostril_y, nostril_x = tip_y - 0.55 * r, 0.75 * r
    nostrils = [(dx * nostril_x, nostril_y - 0.12 * r * (abs(dx) < 0.2)) for dx in (-1.0, -0.5, 0.0, 0.5, 1.0)]
    eye = [
        (eye_x + dx * r, eye_y + dy * r)
        for dx, dy in ((-1.1, -0.08), (-0.45, 0.42), (0.4, 0.42), (1.1, 0.0), (0.4, -0.36), (-0.45, -0.36))
    ]
    w, mx, my = face.mouth_half_width, 0.0, face.mouth[1]
    h = 0.42 * r
    upper = [(-1.0, 0.0), (-0.62, 0.62), (-0.2, 0.95), (0.0, 0.8), (0.2, 0.95), (0.62, 0.62), (1.0, 0.0)]
    lower = [(0.62, -0.75), (0.25, -1.1), (0.0, -1.15), (-0.25, -1.1), (-0.62, -0.75)]
    inner = [
        (-0.85, 0.0),
        (-0.25, 0.12),
        (0.0, 0.1),
        (0.25, 0.12),
        (0.85, 0.0),
        (0.25, -0.14),
        (0.0, -0.16),
        (-0.25, -0.14),
    ]
    mouth = [(mx + dx * w, my + dy * h) for dx, dy in (*upper, *lower, *inner)]
    right_brow = [(-x, y) for x, y in reversed(brow)]
    right_eye = [(-eye[number][0], eye[number][1]) for number in (3, 2, 1, 0, 5, 4)]
    return np.array([*right_brow, *brow, *bridge, *nostrils, *right_eye, *eye, *mouth])


def contour_landmarks(
    verts: Float[Array, "verts 3"],
    faces: Int[Array, "faces 3"],
    skin: Bool[Array, " verts"],
    *,
    ear: Float[Array, "3"],
) -> tuple[Int[Array, "79 17"], Float[Array, "79 17 3"]]:
    """The 17 points of the jaw's outline as seen from the front, for heads turned by up to 39 degrees.

    From the person's right ear over the chin to the left one. Rows are in `smplx`'s order: 0 to 39 for heads turned to
    the person's right by as many degrees, 40 to 78 for 1 to 39 degrees to the left.

    Args:
        verts: T-pose.
        faces: triangles.
        skin: vertices of head and jaw.
        ear: the left ear's outermost point.
    """
    jaw = np.flatnonzero(skin & (verts[:, 2] > ear[2] + 0.005) & (verts[:, 1] < ear[1] + 0.01))
    middle = jaw[np.abs(verts[jaw, 0]) < 1e-6]
    chin = int(middle[np.argmin(verts[middle, 1] - 0.5 * verts[middle, 2])])
    heights = ear[1] + (verts[chin, 1] - ear[1]) * np.arange(8) / 8
    first_face = {int(vertex): number for number in reversed(range(len(faces))) for vertex in faces[number]}
    found = np.zeros((79, 17), np.int64)
    weights = np.zeros((79, 17, 3))
    for row in range(79):
        turn_deg = -row if row <= 39 else row - 39
        x = (verts[jaw] @ rotvec_to_rotmat(np.array([0.0, np.radians(turn_deg), 0.0])).T)[:, 0]
        levels = [np.abs(verts[jaw, 1] - height) < 0.006 for height in heights]
        right = [int(jaw[np.argmin(np.where(level, x, np.inf))]) for level in levels]
        left = [int(jaw[np.argmax(np.where(level, x, -np.inf))]) for level in levels]
        for place, vertex in enumerate([*right, chin, *reversed(left)]):
            found[row, place] = first_face[vertex]
            weights[row, place] = faces[first_face[vertex]] == vertex
    return found, weights


def project_from_front(
    verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"], points: Float[Array, "n 2"]
) -> tuple[Int[Array, " n"], Float[Array, "n 3"]]:
    """The triangle that each point falls on, seen from the front, and its barycentric weights there."""
    found, weights = [], []
    flipped = verts * [1.0, -1.0, -1.0] + [0.0, 0.0, 100.0]  # a camera far in front, looking back
    for x, y in points:
        K = np.array([[1e7, 0, 0.5 - 1e7 * x / 99.9], [0, 1e7, 0.5 + 1e7 * y / 99.9], [0, 0, 1.0]])
        face, _ = nearest_faces(flipped, faces, K, Canvas(left=0, top=0, width=1, height=1))
        found.append(int(face[0, 0]))
        weights.append(_barycentric(verts[faces[found[-1]]][:, :2], np.array([x, y])))
    return np.array(found), np.array(weights)


def _barycentric(corners: Float[Array, "3 2"], point: Float[Array, "2"]) -> Float[Array, "3"]:
    edges = np.stack([corners[1] - corners[0], corners[2] - corners[0]], 1)
    second, third = np.linalg.solve(edges, point - corners[0])
    weights = np.clip([1 - second - third, second, third], 0, None)
    return weights / weights.sum()
