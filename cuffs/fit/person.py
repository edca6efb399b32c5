"""Fits of one person: the shape once per identity at rest, the pose for every sample.

One person at a time on one thread: the same target gives the same bytes, whatever is fitted beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Float, Int
from threadpoolctl import ThreadpoolController

from cuffs.body import BodyModel
from cuffs.errors import GeometryError
from cuffs.fit.basis import (
    FitBasis,
    basis_of_rows,
    fit_vertices,
    model_rows,
    sorted_groups,
    with_shape,
    without_expression,
)
from cuffs.fit.closed_form import start_from_targets
from cuffs.fit.gauss_newton import FitSettings, Solution, solve
from cuffs.fit.linearise import local_rotmats, pose_basis
from cuffs.fit.residual import residual_by_part, skin_parts
from cuffs.records import FitResidual
from cuffs.rotations import project_to_rotation, rotmat_to_rotvec
from cuffs.skeleton import EYEBALLS, INDEX, NUM_VERTS

Array = np.ndarray

NUM_BETAS = 10
NUM_EXPRESSIONS = 10

EYE_ROUNDS = 2
"""The eyes' rotation needs the shape, and the shape, through the pose correctives of the eyes, their rotation."""

HAND_TRUST = 2.0
"""Weight of a hand's vertex against any other's: hands are small, and their own shape is what their pose shows in."""

RIDING_EYES: Mapping[str, str | None] = {"left_eye": "head", "right_eye": "head"}
SEEING_EYES: Mapping[str, str | None] = {"left_eye": None, "right_eye": None}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitModel:
    """A body model prepared for fitting against one topology. Made once a process."""

    model: BodyModel
    vertices: Int[Array, " rows"]
    """The subset that is fitted."""

    trust: Float[Array, " rows"]
    """Weight of each of them."""

    basis: FitBasis
    whole: FitBasis
    """Every vertex of the body, to be posed only."""

    parts: Mapping[str, Int[Array, " _"]]
    eyeballs: Mapping[str, Int[Array, " _"]]
    """Vertices that turn each eye; empty where the targets have no eyes to follow."""

    settings: FitSettings
    threads: ThreadpoolController
    """Knows the libraries whose threads are limited; looking for them takes longer than a step."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPose:
    """SMPL-X parameters in the frame of the targets: axis-angle, `flat_hand_mean=True`, metres."""

    pose: Float[Array, "55 3"]
    """Every joint relative to its parent, in the order of `skeleton.JOINTS`; row 0 is the root."""

    betas: Float[Array, "10"]
    expression: Float[Array, "10"]
    transl: Float[Array, "3"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonFit:
    """One fit with what is known about its quality."""

    params: FittedPose
    rotmats: Float[Array, "55 3 3"]
    """Global rotations."""

    fitted: Float[Array, "verts 3"]
    """The fitted body, in the frame of the targets."""

    residual: FitResidual
    converged: bool
    steps: int
    beta_max: float
    """Largest shape coefficient: large ones tell of a body outside the model's space."""


def prepare_fit(
    model: BodyModel, *, is_covered: Bool[Array, " verts"] | None = None, settings: FitSettings | None = None
) -> FitModel:
    """Gather what fits need of a body model.

    Args:
        model: the body.
        is_covered: which vertices a character has (`Correspondence.is_covered`); None means all. Others aren't fitted.
        settings: the defaults are the measured ones.
    """
    covered = np.ones(NUM_VERTS, bool) if is_covered is None else is_covered
    vertices = fit_vertices(model)
    vertices = vertices[covered[vertices]]
    eyes = {side: run.start + np.flatnonzero(covered[run]) for side, run in EYEBALLS.items()}
    has_eyes = all(2 * len(eyes[side]) > run.stop - run.start for side, run in EYEBALLS.items())
    parts = skin_parts(model)
    hands = np.concatenate([parts["left_hand"], parts["right_hand"]])
    whole = model_rows(model, slice(None), num_betas=NUM_BETAS, num_expressions=NUM_EXPRESSIONS)
    rows = model_rows(model, vertices, num_betas=NUM_BETAS, num_expressions=NUM_EXPRESSIONS)
    return FitModel(
        model=model,
        vertices=vertices,
        trust=np.where(np.isin(vertices, hands), HAND_TRUST, 1.0),
        basis=basis_of_rows(model, rows, groups=sorted_groups(rows)),
        whole=basis_of_rows(model, whole, groups=()),
        parts=parts,
        eyeballs=eyes if has_eyes else {},
        settings=settings or FitSettings(),
        threads=ThreadpoolController(),
    )


def fit_rest(prepared: FitModel, targets: Float[Array, "verts 3"]) -> PersonFit:
    """Fit an identity at rest: its betas, and the rotations that bring the T-pose to the rest pose.

    The face is taken as neutral: jaw and expression stay at nought, so that no shape hides in them.

    Args:
        prepared: from `prepare_fit`.
        targets: the carried rest mesh, metres.

    Raises:
        GeometryError: if the targets have the wrong shape or aren't finite.
    """
    _check(targets)
    with prepared.threads.limit(limits=1):
        basis = without_expression(prepared.basis)
        betas = np.zeros(NUM_BETAS)
        for _ in range(EYE_ROUNDS):
            betas = _solved(prepared, basis, targets, betas=betas, held={"jaw": "head"}).state.betas
        solution = _solved(prepared, basis, targets, betas=betas, held={"jaw": "head"})
        betas = solution.state.betas
        return _finished(prepared, targets, solution, betas)


def fit_pose(prepared: FitModel, targets: Float[Array, "verts 3"], betas: Float[Array, "10"]) -> PersonFit:
    """Fit a posed person of known shape: pose, hands, jaw, eyes, expression and translation.

    Args:
        prepared: from `prepare_fit`.
        targets: the carried mesh, metres, any frame; the parameters come out in that frame.
        betas: the identity's, from `fit_rest`.

    Raises:
        GeometryError: if the targets have the wrong shape or aren't finite.
    """
    _check(targets)
    with prepared.threads.limit(limits=1):
        solution = _solved(prepared, with_shape(prepared.basis, betas), targets, betas=betas, held={})
        return _finished(prepared, targets, solution, betas)


def _check(targets: Float[Array, "verts 3"]) -> None:
    if targets.shape != (NUM_VERTS, 3):
        raise GeometryError(f"targets of a fit must have shape ({NUM_VERTS}, 3), found {targets.shape}.")
    if not np.isfinite(targets).all():
        raise GeometryError(f"{int((~np.isfinite(targets)).sum())} coordinates of a fit's targets are not finite.")


def _solved(
    prepared: FitModel,
    basis: FitBasis,
    targets: Float[Array, "verts 3"],
    *,
    betas: Float[Array, "10"],
    held: Mapping[str, str | None],
) -> Solution:
    """Turn the eyes by their own vertices, in the shape that is known, then solve for all the rest."""
    wanted = np.asarray(targets, np.float64)[prepared.vertices]
    start = start_from_targets(basis, wanted)
    if not prepared.eyeballs:
        held = {**held, **RIDING_EYES}
        return solve(basis, wanted, start, trust=prepared.trust, held=held, settings=prepared.settings)
    rotmats = start.rotmats.copy()
    for side, rows in prepared.eyeballs.items():
        rotmats[INDEX[f"{side}_eye"]] = _eye_rotation(prepared.model, targets, rows, betas)
    start = replace(start, rotmats=rotmats)
    held = {**held, **SEEING_EYES}
    return solve(basis, wanted, start, trust=prepared.trust, held=held, settings=prepared.settings)


def _finished(
    prepared: FitModel, targets: Float[Array, "verts 3"], solution: Solution, betas: Float[Array, "10"]
) -> PersonFit:
    """Evaluate the whole body, and measure."""
    state = solution.state
    expression = state.expression if len(state.expression) else np.zeros(NUM_EXPRESSIONS)
    local = local_rotmats(state.rotmats)
    fitted = pose_basis(prepared.whole, replace(state, betas=betas, expression=expression)).points
    return PersonFit(
        params=FittedPose(pose=rotmat_to_rotvec(local), betas=betas, expression=expression, transl=state.transl),
        rotmats=state.rotmats,
        fitted=fitted,
        residual=residual_by_part(fitted, targets, prepared.parts),
        converged=solution.converged,
        steps=solution.steps,
        beta_max=float(np.abs(betas).max()),
    )


def _eye_rotation(
    model: BodyModel, targets: Float[Array, "verts 3"], rows: Int[Array, " n"], betas: Float[Array, "10"]
) -> Float[Array, "3 3"]:
    """Global rotation of an eyeball, which is rigid but for its shape: Kabsch about its middle."""
    ours = model.v_template[rows] + model.shapedirs[rows, :, :NUM_BETAS] @ betas
    theirs = np.asarray(targets[rows], np.float64)
    return project_to_rotation((theirs - theirs.mean(0)).T @ (ours - ours.mean(0)))
