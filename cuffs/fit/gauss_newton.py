"""Gauss-Newton on global joint rotations, shape, expression and translation.

Priors are scaled by the residual's own variance (empirical Bayes): they count where the target can't be met exactly and
noise would otherwise be fitted, and vanish with the residual, so a body of the model's own is recovered exactly.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from jaxtyping import Float
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from cuffs.errors import GeometryError
from cuffs.fit.basis import FitBasis
from cuffs.fit.linearise import (
    NUM_ROTATION,
    PARENT,
    BodyState,
    PosedBasis,
    curvature,
    group_derivatives,
    joint_derivatives,
    local_rotmats,
    pose_basis,
)
from cuffs.fit.weights import RowMetric, robust_terms
from cuffs.rotations import project_to_rotation, rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import INDEX, NUM_JOINTS

Array = np.ndarray

MAX_STEP_RAD: Final = 0.8
"""No joint turns further in one step: a linearisation holds no further."""


SHRINKS: Final = 0.7
DAMPED: Final = 0.5
"""A step that is no shorter than this share of the last one swings about the solution; half of it is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitSettings:
    """How a fit is solved. The defaults are what `benchmarks/truth.py` measures."""

    max_steps: int = 16
    tolerance_rad: float = 1e-3
    """Converged when the last step turned no joint further than this (0.06°), which leaves its square to be done …"""

    tolerance_m: float = 1e-4
    """… and moved the body no further than this."""

    robust_mm: float = 5.0
    """Where the cost of a distance turns from its square to its amount: what the model can't follow should not pull
    the rest with it."""

    near_rad: float = 0.1
    """Steps below this are followed by Newton's, above it by reweighted least squares."""

    shape_precision: float = 3.0
    """Prior on betas, in units of the residual's variance: coefficients have unit spread."""

    expression_precision: float = 3.0
    rotation_precision: float = 1e4
    """Prior of the local rotations named in `smooth_joints` against the identity, same units, per squared radian."""

    smooth_joints: tuple[str, ...] = ("spine1", "spine2", "spine3", "left_collar", "right_collar")
    """Joints that share a bend among them: the surface alone splits it badly."""

    deviation_mm: tuple[float, float] = (1e-4, 1.5)
    """Bounds of the residual's deviation (by coordinate) that the priors go by: the lower keeps the system definite,
    the upper keeps priors from raising the very residual that they grow with."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormalEquations:
    """A quadratic model of half the squared distance about one state."""

    hessian: Float[Array, "all all"]
    """Gauss-Newton's: the Jacobian's Gram matrix."""

    gradient: Float[Array, " all"]
    """Downhill: the Jacobian's product with the residual."""

    curvature: Float[Array, "55 3 3"]
    """What rotations' own second derivatives add to the hessian's diagonal blocks: makes the step Newton's."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Where Gauss-Newton ended."""

    state: BodyState
    converged: bool
    steps: int
    rms_m: float
    """Root mean square distance over the subset, metres."""


def solve(
    basis: FitBasis,
    targets: Float[Array, "rows 3"],
    start: BodyState,
    *,
    trust: Float[Array, " rows"],
    held: Mapping[str, str | None],
    settings: FitSettings,
) -> Solution:
    """The state that brings the basis' vertices nearest to their targets.

    Args:
        basis: of the body model.
        targets: metres, in the basis' vertex order.
        start: from the closed form.
        trust: weight of each vertex.
        held: joints that are not free: each goes with the joint named, not turned relative to it, or keeps the start's
            global rotation where None is. A joint that others ride with must be free.
        settings: when to stop, and the priors.

    Raises:
        GeometryError: if the targets are not finite.
    """
    if not np.isfinite(targets).all():
        raise GeometryError(f"{int((~np.isfinite(targets)).sum())} coordinates of the fit's targets are not finite.")
    selection = _selection(basis, held)
    state, turned, steps = _with_riders(start, held), np.inf, 0
    posed, converged, share = pose_basis(basis, state), False, 1.0
    while not converged and steps < settings.max_steps:
        terms = robust_terms(
            targets - posed.points, trust, scale_m=settings.robust_mm / 1e3, is_near=turned < settings.near_rad
        )
        low, high = np.square(settings.deviation_mm) / 1e6
        variance = float(np.clip((terms.pull * (targets - posed.points)).sum() / (3 * trust.sum()), low, high))
        found = normal_equations(basis, state, posed, metric=terms.metric, pull=terms.pull)
        add_priors(found.hessian, found.gradient, state, variance=variance, settings=settings)
        step = selection @ _step(found, selection, is_swinging=share < 1.0)
        before, turned = turned, float(np.linalg.norm(step[:NUM_ROTATION].reshape(-1, 3), axis=1).max())
        share = DAMPED if share * turned > SHRINKS * before else 1.0
        state = moved(state, share * step, basis)
        posed = pose_basis(basis, state)
        steps += 1
        converged = bool(turned < settings.tolerance_rad and np.linalg.norm(step[-3:]) < settings.tolerance_m)
    rms = float(np.sqrt(((posed.points - targets) ** 2).sum(1).mean()))
    return Solution(state=state, converged=converged, steps=steps, rms_m=rms)


def _with_riders(state: BodyState, held: Mapping[str, str | None]) -> BodyState:
    rotmats = state.rotmats.copy()
    for name, leader in held.items():
        if leader is not None:
            rotmats[INDEX[name]] = rotmats[INDEX[leader]]
    return replace(state, rotmats=rotmats)


def _selection(basis: FitBasis, held: Mapping[str, str | None]) -> Float[Array, "all free"]:
    """Matrix from the free unknowns to all of them: rotations of 55 joints, betas, expression, translation."""
    num_linear = basis.shapedirs.shape[-1] + basis.exprdirs.shape[-1] + 3
    leader = {name: held.get(name, name) for name in INDEX}
    lead = [-1 if name is None else INDEX[name] for name in leader.values()]
    free_rotation = [3 * joint + axis for joint in range(NUM_JOINTS) if lead[joint] == joint for axis in range(3)]
    free = free_rotation + list(range(NUM_ROTATION, NUM_ROTATION + num_linear))
    column = {unknown: number for number, unknown in enumerate(free)}
    matrix = np.zeros((NUM_ROTATION + num_linear, len(free)))
    for unknown in range(len(matrix)):
        source = 3 * lead[unknown // 3] + unknown % 3 if unknown < NUM_ROTATION else unknown
        if source in column:
            matrix[unknown, column[source]] = 1.0
    return matrix


def _step(found: NormalEquations, selection: Float[Array, "all free"], *, is_swinging: bool) -> Float[Array, " free"]:
    """Newton's step. Where its matrix is indefinite, as it may be far from the solution, or nearly so, and the step too
    long: Gauss-Newton's, and if that swings, one where curvatures that bend down are taken to bend up as much."""
    downhill = selection.T @ found.gradient
    try:
        newton = _solved(selection.T @ _curved(found.hessian, found.curvature) @ selection, downhill)
    except LinAlgError:
        newton = None
    if newton is not None and np.abs(selection @ newton)[:NUM_ROTATION].max() < MAX_STEP_RAD:
        return newton
    if not is_swinging:
        return _solved(selection.T @ found.hessian @ selection, downhill)
    values, vectors = np.linalg.eigh(found.curvature)
    upward = (vectors * np.abs(values)[:, None, :]) @ np.swapaxes(vectors, -1, -2)
    return _solved(selection.T @ _curved(found.hessian, upward) @ selection, downhill)


def _curved(hessian: Float[Array, "all all"], curvature: Float[Array, "55 3 3"]) -> Float[Array, "all all"]:
    matrix = hessian.copy()
    for joint in range(NUM_JOINTS):
        own = slice(3 * joint, 3 * joint + 3)
        matrix[own, own] += curvature[joint]
    return matrix


def _solved(matrix: Float[Array, "free free"], right: Float[Array, " free"]) -> Float[Array, " free"]:
    return cho_solve(cho_factor(matrix, lower=True, check_finite=False), right, check_finite=False)


def normal_equations(
    basis: FitBasis,
    state: BodyState,
    posed: PosedBasis,
    *,
    metric: RowMetric,
    pull: Float[Array, "rows 3"],
) -> NormalEquations:
    """Gram matrix of the weighted Jacobian, and where the rows' pulls lead, summed over the groups.

    Args:
        basis: of the body model.
        state: where to linearise.
        posed: the basis in that state.
        metric: what each vertex's motion is multiplied by before it is squared.
        pull: what draws each vertex: minus the gradient of the cost by its position.
    """
    size = NUM_ROTATION + basis.shapedirs.shape[-1] + basis.exprdirs.shape[-1] + 3
    hessian, gradient, bend = np.zeros((size, size)), np.zeros(size), np.zeros((NUM_JOINTS, 3, 3))
    shared = joint_derivatives(basis, state, posed)
    for number, group in enumerate(basis.groups):
        found = group_derivatives(basis, number, state, posed, shared=shared)
        drawn, outer, columns = pull[group.rows], found.outer, found.columns
        inner = found.jacobian.reshape(-1, len(outer)).T @ drawn.ravel()
        gradient[columns] += outer.T @ inner
        bend[group.joints] += curvature(found.levers, drawn)
        bend[group.carriers] += curvature(found.carrier_levers[None], drawn.sum(0, keepdims=True))
        hessian[np.ix_(columns, columns)] += outer.T @ metric.gram(found.jacobian, group.rows) @ outer
    return NormalEquations(hessian=hessian, gradient=gradient, curvature=bend)


def add_priors(
    hessian: Float[Array, "all all"],
    gradient: Float[Array, " all"],
    state: BodyState,
    *,
    variance: float,
    settings: FitSettings,
) -> None:
    """Add the priors to the normal equations, in place."""
    linear = np.concatenate([state.betas, state.expression])
    precision = np.repeat(
        [settings.shape_precision, settings.expression_precision], [len(state.betas), len(state.expression)]
    )
    at = np.arange(NUM_ROTATION, NUM_ROTATION + len(linear))
    hessian[at, at] += variance * precision
    gradient[at] -= variance * precision * linear
    bend = rotmat_to_rotvec(local_rotmats(state.rotmats))
    weight = variance * settings.rotation_precision * np.eye(3)
    for joint in (INDEX[name] for name in settings.smooth_joints):
        parent = int(PARENT[joint])
        own, up = slice(3 * joint, 3 * joint + 3), slice(3 * parent, 3 * parent + 3)
        pull = weight @ state.rotmats[parent] @ bend[joint]
        hessian[own, own] += weight
        hessian[up, up] += weight
        hessian[own, up] -= weight
        hessian[up, own] -= weight
        gradient[own] -= pull
        gradient[up] += pull


def moved(state: BodyState, step: Float[Array, " all"], basis: FitBasis) -> BodyState:
    """The state after a step; rotations are made orthonormal again, so that rounding doesn't pile up."""
    turn = step[:NUM_ROTATION].reshape(-1, 3)
    turn = turn * np.minimum(1.0, MAX_STEP_RAD / np.maximum(np.linalg.norm(turn, axis=1, keepdims=True), 1e-12))
    num_betas = basis.shapedirs.shape[-1]
    betas, expression, transl = np.split(step[NUM_ROTATION:], [num_betas, len(step) - NUM_ROTATION - 3])
    return BodyState(
        rotmats=project_to_rotation(rotvec_to_rotmat(turn) @ state.rotmats),
        betas=state.betas + betas,
        expression=state.expression + expression,
        transl=state.transl + transl,
    )
