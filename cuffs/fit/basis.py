"""What the fit needs of a body model, gathered once: a fixed subset of vertices, sorted into groups that move alike.

A vertex of the left index finger moves with a dozen joints out of 55, so the Jacobian is sparse. The subset is sorted
into the skeleton's limbs, and each group knows the joints and pose features that reach it.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.sparse import csr_array

from cuffs.body import BodyModel
from cuffs.skeleton import EYEBALLS, INDEX, LIMB_OF_JOINT, LIMBS, NUM_JOINTS, PARENTS

Array = np.ndarray

VERTS_PER_JOINT: Final = 48
"""About 2,600 vertices in all: twice as many change the residual by a hundredth of a millimetre."""

VERTS_OF_FACE: Final = 400
"""Head and jaw carry the expression, and a fifth of all vertices."""

FACE_JOINTS: Final = (INDEX["head"], INDEX["jaw"])

SPARSE_SHARE: Final = 0.15
"""Below this share of numbers that aren't nought, a sparse product is quicker than a dense one."""

NEGLIGIBLE_M: Final = 1e-4
"""Pose correctives that stay below this (metres per unit of a feature, features stay below 2) throughout a group are
left out of its Jacobian. They are never left out of the residual, so they can't bias a fit whose residual vanishes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Corrective:
    """What the local rotation of one joint changes in a group, through the pose correctives."""

    joint: int
    rows: slice
    """Of the group's rows: from the first that moves to the last."""

    own: slice
    """The joint's three columns among those of the group's joints."""

    parent: slice
    """Its parent's."""

    posedirs: Float[Array, "rows_xyz 9"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """A run of the subset's vertices and what moves them."""

    rows: slice
    """Of the basis' vertices."""

    carriers: Int[Array, " carriers"]
    """Joints from the pelvis down that carry the whole group as one, and `base` with it."""

    base: int
    """The joint below the last carrier, whose place the group goes with."""

    joints: Int[Array, " active"]
    """Joints, `base` and below, whose global rotation moves the group otherwise."""

    weights: Float[Array, "rows active"]
    """Skinning weights on `joints`."""

    subtree: Float[Array, "rows active"]
    """Weight of each of them and all below it: how far a vertex follows the joint's position."""

    correctives: tuple[Corrective, ...]
    negligible_m: float
    """What stays below this is left out of the group's derivatives."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BasisRows:
    """Points that move as a body model's vertices do."""

    template: Float[Array, "rows 3"]
    shapedirs: Float[Array, "rows 3 betas"]
    exprdirs: Float[Array, "rows 3 expressions"]
    posedirs: Float[Array, "rows 3 486"]
    weights: Float[Array, "rows 55"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitBasis:
    """A body model restricted to the vertices that are fitted."""

    template: Float[Array, "rows 3"]
    shapedirs: Float[Array, "rows 3 betas"]
    exprdirs: Float[Array, "rows 3 expressions"]
    posedirs: Float[Array, "rows_xyz 486"] | csr_array
    """Sparse where most of them are nought, as in the open body; SMPL-X's own are not."""

    weights: Float[Array, "rows 55"]
    joint_template: Float[Array, "55 3"]
    joint_shapedirs: Float[Array, "55 3 betas"]
    joint_exprdirs: Float[Array, "55 3 expressions"]
    groups: tuple[Group, ...]
    linear: tuple[Int[Array, " _"], ...]
    """For each group, the betas and expressions (numbered through) that move it otherwise than with its base."""


def subtree_matrix() -> Float[Array, "55 55"]:
    """Entry (a, b) is 1 where b is a or hangs below it. Weights times its transpose are subtree weights."""
    below = np.eye(NUM_JOINTS)
    for joint in range(NUM_JOINTS - 1, 0, -1):
        below[PARENTS[joint]] += below[joint]
    return below


def fit_vertices(model: BodyModel) -> Int[Array, " rows"]:
    """The vertices that are fitted, sorted by the limb of their dominant joint, then by the joint."""
    chosen = spread_vertices(model)
    dominant = model.weights[chosen].argmax(1)
    return chosen[np.lexsort((chosen, dominant, LIMB_OF_JOINT[dominant]))]


def model_rows(
    model: BodyModel, vertices: Int[Array, " rows"] | slice, *, num_betas: int, num_expressions: int
) -> BasisRows:
    """What the body model says of some of its vertices; a slice saves a copy of its largest array."""
    return BasisRows(
        template=np.ascontiguousarray(model.v_template[vertices], np.float64),
        shapedirs=np.ascontiguousarray(model.shapedirs[vertices, :, :num_betas], np.float64),
        exprdirs=np.ascontiguousarray(model.exprdirs[vertices, :, :num_expressions], np.float64),
        posedirs=np.ascontiguousarray(model.posedirs[vertices], np.float64),
        weights=np.ascontiguousarray(model.weights[vertices], np.float64),
    )


def basis_of_rows(model: BodyModel, rows: BasisRows, *, groups: tuple[Group, ...]) -> FitBasis:
    """A basis of points that move as vertices do. Without groups it can be posed but not linearised."""
    num_betas, num_expressions = rows.shapedirs.shape[-1], rows.exprdirs.shape[-1]
    basis = FitBasis(
        template=rows.template,
        shapedirs=rows.shapedirs,
        exprdirs=rows.exprdirs,
        posedirs=_compact(rows.posedirs.reshape(len(rows.template) * 3, -1)),
        weights=rows.weights,
        joint_template=np.asarray(model.joint_template, np.float64),
        joint_shapedirs=np.ascontiguousarray(model.joint_shapedirs[..., :num_betas], np.float64),
        joint_exprdirs=np.ascontiguousarray(model.joint_exprdirs[..., :num_expressions], np.float64),
        groups=groups,
        linear=(),
    )
    return _with_linear(basis)


def _compact(posedirs: Float[Array, "rows_xyz 486"]) -> Float[Array, "rows_xyz 486"] | csr_array:
    is_sparse = np.count_nonzero(posedirs) < SPARSE_SHARE * posedirs.size
    return csr_array(posedirs) if is_sparse else posedirs


def with_shape(basis: FitBasis, betas: Float[Array, " betas"]) -> FitBasis:
    """The same basis for one identity: its shape is fixed, and no betas are left to solve."""
    num_betas = len(betas)
    return replace(
        basis,
        template=basis.template + basis.shapedirs @ betas,
        joint_template=basis.joint_template + basis.joint_shapedirs @ betas,
        shapedirs=basis.shapedirs[..., :0],
        joint_shapedirs=basis.joint_shapedirs[..., :0],
        linear=tuple(active[active >= num_betas] - num_betas for active in basis.linear),
    )


def without_expression(basis: FitBasis) -> FitBasis:
    """The same basis with a neutral face."""
    num_betas = basis.shapedirs.shape[-1]
    return replace(
        basis,
        exprdirs=basis.exprdirs[..., :0],
        joint_exprdirs=basis.joint_exprdirs[..., :0],
        linear=tuple(active[active < num_betas] for active in basis.linear),
    )


def _with_linear(basis: FitBasis) -> FitBasis:
    """Find what betas and expressions do to each group besides carrying it."""
    directions = np.concatenate([basis.shapedirs, basis.exprdirs], -1)
    joint_directions = np.concatenate([basis.joint_shapedirs, basis.joint_exprdirs], -1)
    found = []
    for group in basis.groups:
        own = np.abs(directions[group.rows]).max((0, 1))
        apart = np.abs(joint_directions[group.joints] - joint_directions[group.base]).max((0, 1))
        found.append(np.flatnonzero(np.maximum(own, apart) > group.negligible_m))
    return replace(basis, linear=tuple(found))


def spread_vertices(model: BodyModel) -> Int[Array, " rows"]:
    """The fitted vertices: for every joint the same number, farthest-point sampled over the skin that follows it most.

    Eyeballs are left out; the eyes are turned afterwards, by themselves.
    """
    dominant = model.weights.argmax(1)
    for eyeball in EYEBALLS.values():
        dominant[eyeball] = -1
    found = []
    for joint in range(NUM_JOINTS):
        count = VERTS_OF_FACE if joint in FACE_JOINTS else VERTS_PER_JOINT
        found.append(_farthest_points(model.v_template, np.flatnonzero(dominant == joint), count))
    return np.concatenate(found)


def _farthest_points(points: Float[Array, "verts 3"], candidates: Int[Array, " n"], count: int) -> Int[Array, " m"]:
    """Up to `count` candidates, each as far as can be from those before; the first is farthest from the middle."""
    if len(candidates) <= count:
        return candidates
    places = np.asarray(points[candidates], np.float64)
    chosen = [int(np.argmax(((places - places.mean(0)) ** 2).sum(1)))]
    nearest = np.full(len(candidates), np.inf)
    for _ in range(count - 1):
        nearest = np.minimum(nearest, ((places - places[chosen[-1]]) ** 2).sum(1))
        chosen.append(int(nearest.argmax()))
    return candidates[chosen]


def sorted_groups(rows: BasisRows, *, negligible_m: float = NEGLIGIBLE_M) -> tuple[Group, ...]:
    """Runs of rows with the same limb.

    Args:
        rows: sorted by limb.
        negligible_m: pose correctives that stay below this are left out of derivatives; 0 makes those exact.

    Raises:
        ValueError: if the rows are not sorted by limb.
    """
    weights, posedirs = rows.weights, rows.posedirs.reshape(len(rows.weights) * 3, -1)
    limb = LIMB_OF_JOINT[weights.argmax(1)]
    starts = [0, *(np.flatnonzero(np.diff(limb)) + 1).tolist(), len(limb)]
    if len(starts) - 1 > len(LIMBS):
        raise ValueError("vertices are not sorted by limb")
    moving = np.abs(posedirs).reshape(len(weights), 3, NUM_JOINTS - 1, 9).max((1, 3)) > negligible_m
    return tuple(
        _group(slice(start, stop), weights, posedirs, moving[start:stop], negligible_m)
        for start, stop in pairwise(starts)
    )


def _group(
    rows: slice,
    weights: Float[Array, "rows 55"],
    posedirs: Float[Array, "rows_xyz 486"],
    moving: Bool[Array, "some 54"],
    negligible_m: float,
) -> Group:
    own = weights[rows]
    below = own @ subtree_matrix().T
    features = np.flatnonzero(moving.any(0)) + 1
    moves = below.max(0) > 0
    moves[features] = True
    moves[np.array(PARENTS)[features]] = True
    carriers, base = _carriers(own, below, features)
    joints = np.setdiff1d(np.flatnonzero(moves), carriers)
    block = posedirs[3 * rows.start : 3 * rows.stop]
    return Group(
        rows=rows,
        carriers=np.array(carriers, np.int64),
        base=base,
        joints=joints,
        weights=np.ascontiguousarray(own[:, joints]),
        subtree=np.ascontiguousarray(below[:, joints]),
        correctives=tuple(_corrective(int(joint), joints, moving[:, joint - 1], block) for joint in features),
        negligible_m=negligible_m,
    )


def _corrective(
    joint: int, joints: Int[Array, " active"], moving: Bool[Array, " rows"], block: Float[Array, "rows_xyz 486"]
) -> Corrective:
    touched = np.flatnonzero(moving)
    rows = slice(int(touched[0]), int(touched[-1]) + 1)
    own, parent = (3 * int(np.flatnonzero(joints == number)[0]) for number in (joint, PARENTS[joint]))
    return Corrective(
        joint=joint,
        rows=rows,
        own=slice(own, own + 3),
        parent=slice(parent, parent + 3),
        posedirs=np.ascontiguousarray(block[3 * rows.start : 3 * rows.stop, 9 * (joint - 1) : 9 * joint]),
    )


def _carriers(
    own: Float[Array, "rows 55"], below: Float[Array, "rows 55"], features: Int[Array, " features"]
) -> tuple[list[int], int]:
    """Joints from the pelvis down that no vertex of the group follows itself, but all follow through one child."""
    shaping = {*features.tolist(), *(PARENTS[feature] for feature in features)}
    found, joint = [], 0
    while own[:, joint].max() == 0 and joint not in shaping:
        children = [child for child in range(NUM_JOINTS) if PARENTS[child] == joint and below[:, child].max() > 0]
        if len(children) != 1 or below[:, children[0]].min() < 1 - 1e-9:
            break
        found.append(joint)
        joint = children[0]
    return found, joint
