"""The body model at one pose, and its derivatives by global joint rotations, shape, expression and translation.

Rotations are global and perturbed from the left: G_j becomes exp(d_j) G_j. A vertex

    y = sum_j w_j (G_j (v - J_j) + p_j) + t,    v = template + S betas + E expression + P vec(G_parent(k)^T G_k - 1)

then moves by d_j x a_j with a_j = w_j G_j (v - J_j) + sum over children c of W_c (p_c - p_j), W_c being the weight of c
and all below it, and through the pose correctives P by the features of j and of its children alone:
dR_j = G_parent^T [d_j]x G_j, dR_c = -G_j^T [d_j]x G_c.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Int

from cuffs.fit.basis import FitBasis, Group, subtree_matrix
from cuffs.rotations import skew
from cuffs.skeleton import NUM_JOINTS, PARENTS

Array = np.ndarray

NUM_ROTATION: Final = 3 * NUM_JOINTS
PARENT: Final = np.array((0, *PARENTS[1:]))
"""With the pelvis as its own parent, so that its offset from it is nought."""

ANCESTORS: Final = subtree_matrix().T
"""Entry (a, b) is 1 where a is b or hangs below it."""

GENERATORS: Final = np.array(
    [[[0, 0, 0], [0, 0, -1], [0, 1, 0]], [[0, 0, 1], [0, 0, 0], [-1, 0, 0]], [[0, -1, 0], [1, 0, 0], [0, 0, 0]]],
    np.float64,
)
"""[e]x for the three axes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BodyState:
    """The unknowns of a fit."""

    rotmats: Float[Array, "55 3 3"]
    """Global rotations."""

    betas: Float[Array, " betas"]
    expression: Float[Array, " expressions"]
    transl: Float[Array, "3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PosedBasis:
    """The basis' vertices in one state, with what their derivatives are made of."""

    points: Float[Array, "rows 3"]
    """Where the vertices are, metres."""

    shaped: Float[Array, "rows 3"]
    """Before skinning, pose correctives included."""

    blended: Float[Array, "rows 3 3"]
    """Sum of weights times rotations."""

    rest_joints: Float[Array, "55 3"]
    joints: Float[Array, "55 3"]
    """Posed, without the translation."""


def local_rotmats(rotmats: Float[Array, "55 3 3"]) -> Float[Array, "55 3 3"]:
    """Global rotations to rotations relative to the parent; the pelvis' stays."""
    local = np.swapaxes(rotmats[PARENT], -1, -2) @ rotmats
    local[0] = rotmats[0]
    return local


def global_rotmats(local: Float[Array, "55 3 3"]) -> Float[Array, "55 3 3"]:
    """Rotations relative to the parent to global ones."""
    found = np.array(local, np.float64)
    for joint in range(1, NUM_JOINTS):
        found[joint] = found[PARENTS[joint]] @ local[joint]
    return found


def joint_positions(rotmats: Float[Array, "55 3 3"], rest_joints: Float[Array, "55 3"]) -> Float[Array, "55 3"]:
    """Posed joints: every bone's offset is turned by its parent's rotation."""
    offsets = np.einsum("jab,jb->ja", rotmats[PARENT], rest_joints - rest_joints[PARENT])
    offsets[0] = rest_joints[0]
    return ANCESTORS @ offsets


def pose_basis(basis: FitBasis, state: BodyState) -> PosedBasis:
    """Evaluate the basis' vertices."""
    feature = (local_rotmats(state.rotmats)[1:] - np.eye(3)).ravel()
    rest = basis.template + basis.shapedirs @ state.betas + basis.exprdirs @ state.expression
    shaped = rest + (basis.posedirs @ feature).reshape(-1, 3)
    rest_joints = basis.joint_template + basis.joint_shapedirs @ state.betas + basis.joint_exprdirs @ state.expression
    joints = joint_positions(state.rotmats, rest_joints)
    shift = joints - np.einsum("jab,jb->ja", state.rotmats, rest_joints)
    blended = (basis.weights @ state.rotmats.reshape(NUM_JOINTS, 9)).reshape(-1, 3, 3)
    points = np.einsum("nab,nb->na", blended, shaped) + basis.weights @ shift + state.transl
    return PosedBasis(points=points, shaped=shaped, blended=blended, rest_joints=rest_joints, joints=joints)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JointDerivatives:
    """Parts of the derivatives that all groups share."""

    bones: Float[Array, "55 55 3"]
    """Entry (c, parent of c) is p_c - p_parent, nought elsewhere."""

    change: Float[Array, "features 9 3"]
    """Change of every local rotation (joints 1 to 54, nine numbers each) with its own joint's global rotation; with
    its parent's it changes as much the other way."""

    moved: Float[Array, "55 3 linear"]
    """How far each posed joint moves by each shape and expression coefficient."""

    shape: Float[Array, "55 3 linear"]
    """How far a joint's frame moves by each shape and expression coefficient: dp_j - G_j dJ_j."""


def joint_derivatives(basis: FitBasis, state: BodyState, posed: PosedBasis) -> JointDerivatives:
    """What moving joints contribute to the vertices' derivatives."""
    bones = np.zeros((NUM_JOINTS, NUM_JOINTS, 3))
    child = np.arange(1, NUM_JOINTS)
    bones[child, PARENT[child]] = posed.joints[child] - posed.joints[PARENT[child]]
    linear = np.concatenate([basis.joint_shapedirs, basis.joint_exprdirs], -1)
    offsets = np.einsum("jab,jbs->jas", state.rotmats[PARENT], linear - linear[PARENT])
    offsets[0] = linear[0]
    moved = np.einsum("jk,kas->jas", ANCESTORS, offsets)
    change = np.einsum("kba,xbc,kcd->kadx", state.rotmats[PARENT[child]], GENERATORS, state.rotmats[child])
    change = np.ascontiguousarray(change.reshape(NUM_JOINTS - 1, 9, 3))
    shape = moved - np.einsum("jab,jbs->jas", state.rotmats, linear)
    return JointDerivatives(bones=bones, change=change, moved=moved, shape=shape)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupDerivatives:
    """How a group moves: within itself, and as a whole with its base."""

    jacobian: Float[Array, "rows 3 inner"]
    """By the group's own joints, its own betas and expressions, and its base's place."""

    levers: Float[Array, "rows active 3"]
    """a_j of each vertex about each of the group's own joints."""

    carrier_levers: Float[Array, "carriers 3"]
    """The same about each carrier, for all vertices alike."""

    outer: Float[Array, "inner columns"]
    """The inner unknowns by the unknowns of the fit."""

    columns: Int[Array, " columns"]
    """Which of them those are."""


def group_derivatives(
    basis: FitBasis, number: int, state: BodyState, posed: PosedBasis, *, shared: JointDerivatives
) -> GroupDerivatives:
    """Derivatives of a group's vertices by the unknowns: 55 rotations, betas, expression, translation."""
    group, linear = basis.groups[number], basis.linear[number]
    rows, num_rotation = group.rows, 3 * len(group.joints)
    jacobian = np.zeros((rows.stop - rows.start, 3, num_rotation + len(linear) + 3))
    turned = jacobian[:, :, :num_rotation]
    _add_corrective_part(turned, group, shared, posed.blended[rows])
    levers = _levers(group, state, posed, shared)
    _add_lever_part(turned, levers)
    if len(linear):
        moved = linear_jacobian(basis, shared, posed.blended[rows], rows, linear)
        jacobian[:, :, num_rotation:-3] = moved - shared.moved[group.base][:, linear]
    jacobian[:, range(3), range(-3, 0)] = 1.0
    chain = posed.joints[[*group.carriers, group.base]]
    carrier_levers = np.diff(chain, axis=0)
    outer, columns = _outer(group, linear, carrier_levers, shared.moved[group.base])
    return GroupDerivatives(
        jacobian=jacobian, levers=levers, carrier_levers=carrier_levers, outer=outer, columns=columns
    )


def _outer(
    group: Group,
    linear: Int[Array, " some"],
    carrier_levers: Float[Array, "carriers 3"],
    base_moved: Float[Array, "3 linear"],
) -> tuple[Float[Array, "inner columns"], Int[Array, " columns"]]:
    """How the group's inner unknowns hang on those of the fit."""
    own, carried, num_linear = 3 * len(group.joints), 3 * len(group.carriers), base_moved.shape[1]
    outer = np.zeros((own + len(linear) + 3, own + carried + num_linear + 3))
    outer[range(own), range(own)] = 1.0
    outer[range(own, own + len(linear)), own + carried + linear] = 1.0
    outer[-3:, own : own + carried] = -skew(carrier_levers).transpose(1, 0, 2).reshape(3, carried)
    outer[-3:, own + carried : -3] = base_moved
    outer[range(-3, 0), range(-3, 0)] = 1.0
    joints = np.concatenate([group.joints, group.carriers])
    rotations = (3 * joints[:, None] + np.arange(3)).ravel()
    return outer, np.concatenate([rotations, np.arange(NUM_ROTATION, NUM_ROTATION + num_linear + 3)])


def curvature(levers: Float[Array, "rows active 3"], residual: Float[Array, "rows 3"]) -> Float[Array, "active 3 3"]:
    """What the second derivatives by each joint's rotation add to Gauss-Newton's matrix.

    Skinned points are linear in the global rotations, so the only curvature (pose correctives apart) is that of the
    rotations themselves: exp(d) a = a + d x a + d x (d x a) / 2 gives (r . a) 1 - (r a^T + a r^T) / 2, summed.
    """
    outer = (residual.T @ levers.reshape(len(levers), -1)).reshape(3, -1, 3).transpose(1, 0, 2)
    along = np.einsum("jaa->j", outer)
    return along[:, None, None] * np.eye(3) - (outer + np.swapaxes(outer, -1, -2)) / 2


def linear_jacobian(
    basis: FitBasis,
    shared: JointDerivatives,
    blended: Float[Array, "rows 3 3"],
    rows: slice,
    linear: Int[Array, " some"],
) -> Float[Array, "rows 3 some"]:
    """Derivatives of some of the vertices by some of betas and expression."""
    dirs = np.concatenate([basis.shapedirs[rows], basis.exprdirs[rows]], -1)[..., linear]
    shape = shared.shape[..., linear].reshape(NUM_JOINTS, -1)
    return blended @ dirs + (basis.weights[rows] @ shape).reshape(dirs.shape)


def _levers(
    group: Group, state: BodyState, posed: PosedBasis, shared: JointDerivatives
) -> Float[Array, "rows active 3"]:
    """a_j of the module's docstring."""
    G = state.rotmats[group.joints]
    flat = np.ascontiguousarray(np.swapaxes(G, -1, -2).transpose(1, 0, 2)).reshape(3, -1)
    turned = (posed.shaped[group.rows] @ flat).reshape(-1, len(group.joints), 3)
    turned -= np.einsum("jab,jb->ja", G, posed.rest_joints[group.joints])
    turned *= group.weights[:, :, None]
    bones = shared.bones[group.joints[:, None], group.joints].reshape(len(group.joints), -1)
    return turned + (group.subtree @ bones).reshape(turned.shape)


def _add_lever_part(turned: Float[Array, "rows 3 rotation"], levers: Float[Array, "rows active 3"]) -> None:
    """Add d x a to the rotation columns, in place: they are this module's own scratch."""
    x, y, z = levers[..., 0], levers[..., 1], levers[..., 2]
    turned[:, 1, 0::3] -= z
    turned[:, 2, 0::3] += y
    turned[:, 0, 1::3] += z
    turned[:, 2, 1::3] -= x
    turned[:, 0, 2::3] -= y
    turned[:, 1, 2::3] += x


def _add_corrective_part(
    turned: Float[Array, "rows 3 rotation"],
    group: Group,
    shared: JointDerivatives,
    blended: Float[Array, "rows 3 3"],
) -> None:
    """Add what goes through the pose correctives to the rotation columns, in place likewise."""
    for corrective in group.correctives:
        rows = corrective.rows
        moved = blended[rows] @ (corrective.posedirs @ shared.change[corrective.joint - 1]).reshape(-1, 3, 3)
        turned[rows, :, corrective.own] += moved
        turned[rows, :, corrective.parent] -= moved
