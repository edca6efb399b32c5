"""Registration by the body model's own parameters: pose and shape to landmarks, then to the surface.

This does nearly all of the work: the model keeps its tessellation where a body has it while it slides onto the target.
All terms are log-likelihoods: residuals divided by what they may be.
"""

from dataclasses import dataclass, fields

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import cho_factor, cho_solve

from cuffs.body import BodyModel
from cuffs.correspond.landmarks import extremal_landmarks, eye_centres
from cuffs.correspond.rigged_mesh import RiggedMesh, vertex_normals
from cuffs.correspond.surface import Surface, closest
from cuffs.fit.basis import BasisRows, FitBasis, basis_of_rows, fit_vertices, model_rows, sorted_groups
from cuffs.fit.gauss_newton import FitSettings, NormalEquations, add_priors, moved, normal_equations
from cuffs.fit.linearise import BodyState, pose_basis
from cuffs.fit.weights import RowMetric
from cuffs.rotations import project_to_rotation
from cuffs.skeleton import JOINTS, LIMB_OF_JOINT, NUM_JOINTS

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSettings:
    """What a registration trusts, and how long it goes on."""

    num_betas: int = 300
    """Shape directions that may be used; directions that are nought take no part."""

    landmark_steps: int = 15
    rounds: int = 30
    """Of closest points, each followed by one step."""

    reach_mm: tuple[float, float] = (50.0, 12.0)
    """Farthest closest point that is believed, at the first round and at the last."""

    joint_mm: float = 15.0
    """How far a rig's joint may lie from SMPL-X's."""

    end_mm: float = 8.0
    """How far the ends of parts may be apart."""

    landmark_fade: float = 4.0
    """How much less the landmarks are trusted at the last round than at the first: the surface knows better."""

    surface_mm: tuple[float, float] = (5.0, 0.5)
    """How far surfaces may be apart, at the first round and at the last."""

    independent_points: float = 1000.0
    """As how many independent measurements the surface counts."""

    slide: float = 0.15
    """Weight of sliding along the surface relative to leaving it."""

    turn_rad: float = 0.6
    """How far a joint may be turned relative to its parent, from the T-pose."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LandmarkSet:
    """Landmarks that both meshes have."""

    names: tuple[str, ...]
    basis: FitBasis
    """The body model's, one row a landmark, as if each were a vertex."""

    targets: Float[Array, "n 3"]
    sigma_m: Float[Array, " n"]
    """How far each may be off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """One landmark that both meshes have."""

    limb: int
    name: str
    row: BasisRows
    point: Float[Array, "3"]
    sigma_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParametricFit:
    """Where the parametric registration ended."""

    landmarks: LandmarkSet
    state: BodyState

    def landmark_mm(self) -> dict[str, float]:
        """Distances left at the landmarks."""
        left = np.linalg.norm(pose_basis(self.landmarks.basis, self.state).points - self.landmarks.targets, axis=1)
        return {name: round(float(mm), 3) for name, mm in zip(self.landmarks.names, left * 1e3, strict=True)}


def shared_landmarks(
    model: BodyModel, source: RiggedMesh, target: RiggedMesh, settings: RegistrationSettings
) -> LandmarkSet:
    """Joints, part ends and eyes that both meshes have, sorted by limb as a basis must be."""
    found: list[_Found] = []
    count = settings.num_betas

    def add(name: str, row: BasisRows, point: Float[Array, "3"], sigma_mm: float) -> None:
        limb = int(LIMB_OF_JOINT[row.weights[0].argmax()])
        found.append(_Found(limb=limb, name=name, row=row, point=point, sigma_m=sigma_mm / 1e3))

    for joint in np.flatnonzero(target.has_joint & source.has_joint).tolist():
        add(JOINTS[joint], _joint_row(model, joint, count), target.joints[joint], settings.joint_mm)
    ours, theirs = extremal_landmarks(source), extremal_landmarks(target)
    for name in ours.keys() & theirs.keys():
        row = _middle_row(model, ours[name].vertices, ours[name].point, count)
        add(name, row, theirs[name].point, settings.end_mm)
    our_eyes, their_eyes = eye_centres(source), eye_centres(target)
    for side in our_eyes.keys() & their_eyes.keys():
        row = _middle_row(model, source.eyeballs[side], our_eyes[side], count)
        add(f"{side}_eyeball", row, their_eyes[side], settings.end_mm / 4)
    found.sort(key=lambda item: (item.limb, item.name))
    rows = _stacked([item.row for item in found])
    return LandmarkSet(
        names=tuple(item.name for item in found),
        basis=basis_of_rows(model, rows, groups=sorted_groups(rows)),
        targets=np.array([item.point for item in found]),
        sigma_m=np.array([item.sigma_m for item in found]),
    )


def fit_landmarks(landmarks: LandmarkSet, settings: RegistrationSettings) -> BodyState:
    """Pose and shape that bring the landmarks together, from the T-pose turned as the target's trunk is."""
    state = _upright_start(landmarks)
    for _ in range(settings.landmark_steps):
        held = _landmark_terms(landmarks, state, 1.0)
        state = _stepped(landmarks.basis, state, held.hessian, held.gradient, settings)
    return state


def fit_surface(
    model: BodyModel,
    source: RiggedMesh,
    surface: Surface,
    *,
    landmarks: LandmarkSet,
    start: BodyState,
    settings: RegistrationSettings,
) -> BodyState:
    """Closest points on the target and one step of pose and shape, in turns; only ever nearer points are trusted."""
    chosen = fit_vertices(model)
    rows = model_rows(model, chosen, num_betas=settings.num_betas, num_expressions=0)
    basis, whole = basis_of_rows(model, rows, groups=sorted_groups(rows)), whole_body(model, settings)
    state = start
    for share in np.linspace(0, 1, settings.rounds):
        posed = pose_basis(basis, state)
        normals = vertex_normals(pose_basis(whole, state).points, source.faces)[chosen]
        near = closest(surface, posed.points, normals, source.segment[chosen])
        reach = _between(settings.reach_mm, share) / 1e3
        trust = (near.is_allowed & (near.distance < reach)) / (_between(settings.surface_mm, share) / 1e3)
        trust = trust * np.sqrt(settings.independent_points / len(chosen))
        metric = RowMetric(
            scale=settings.slide * trust, axis=near.normal, along=np.full(len(chosen), 1 / settings.slide)
        )
        drawn = _drawn(basis, near.point, state, metric)
        fade = _between((1.0, settings.landmark_fade), share)
        held = _landmark_terms(landmarks, state, fade)
        state = _stepped(basis, state, drawn.hessian + held.hessian, drawn.gradient + held.gradient, settings)
    return state


def whole_body(model: BodyModel, settings: RegistrationSettings) -> FitBasis:
    """Every vertex of the body, in the model's own order: can be posed, not linearised."""
    rows = model_rows(model, slice(None), num_betas=settings.num_betas, num_expressions=0)
    return basis_of_rows(model, rows, groups=())


def _between(span: tuple[float, float], share: float) -> float:
    """Geometric interpolation."""
    return float(span[0] ** (1 - share) * span[1] ** share)


def _landmark_terms(landmarks: LandmarkSet, state: BodyState, fade: float) -> NormalEquations:
    count = len(landmarks.targets)
    metric = RowMetric(scale=1 / (fade * landmarks.sigma_m), axis=np.zeros((count, 3)), along=np.ones(count))
    return _drawn(landmarks.basis, landmarks.targets, state, metric)


def _drawn(basis: FitBasis, targets: Float[Array, "rows 3"], state: BodyState, metric: RowMetric) -> NormalEquations:
    """Least squares of weighted distances to targets."""
    posed = pose_basis(basis, state)
    whole = slice(None)
    pull = metric.applied(metric.applied((targets - posed.points)[:, :, None], whole), whole)[..., 0]
    return normal_equations(basis, state, posed, metric=metric, pull=pull)


def _stepped(
    basis: FitBasis, state: BodyState, hessian: Array, gradient: Array, settings: RegistrationSettings
) -> BodyState:
    priors = FitSettings(shape_precision=1.0, rotation_precision=settings.turn_rad**-2, smooth_joints=JOINTS[1:])
    add_priors(hessian, gradient, state, variance=1.0, settings=priors)
    at = np.arange(len(hessian))
    hessian[at, at] += 1e-9
    step = cho_solve(cho_factor(hessian, lower=True), gradient)
    return moved(state, step, basis)


def _upright_start(landmarks: LandmarkSet) -> BodyState:
    """The T-pose, turned and moved so that the trunk's joints meet."""
    trunk = ("pelvis", "left_hip", "right_hip", "spine1", "spine2", "spine3", "neck", "left_collar", "right_collar")
    rows = [number for number, name in enumerate(landmarks.names) if name in trunk]
    ours, theirs = landmarks.basis.template[rows], landmarks.targets[rows]
    R = project_to_rotation((theirs - theirs.mean(0)).T @ (ours - ours.mean(0)))
    pelvis = landmarks.basis.joint_template[0]
    return BodyState(
        rotmats=np.tile(R, (NUM_JOINTS, 1, 1)),
        betas=np.zeros(landmarks.basis.shapedirs.shape[-1]),
        expression=np.zeros(0),
        transl=theirs.mean(0) - R @ (ours.mean(0) - pelvis) - pelvis,
    )


def _joint_row(model: BodyModel, joint: int, num_betas: int) -> BasisRows:
    """A joint as if it were a vertex that follows it alone."""
    return BasisRows(
        template=np.asarray(model.joint_template[joint, None], np.float64),
        shapedirs=np.asarray(model.joint_shapedirs[joint, None, :, :num_betas], np.float64),
        exprdirs=np.zeros((1, 3, 0)),
        posedirs=np.zeros((1, 3, model.posedirs.shape[-1])),
        weights=np.eye(NUM_JOINTS)[joint, None],
    )


def _middle_row(model: BodyModel, vertices: Int[Array, " n"], point: Float[Array, "3"], num_betas: int) -> BasisRows:
    """The middle of some vertices as if it were a vertex."""
    rows = model_rows(model, vertices, num_betas=num_betas, num_expressions=0)
    return BasisRows(
        template=point[None],
        shapedirs=rows.shapedirs.mean(0, keepdims=True),
        exprdirs=np.zeros((1, 3, 0)),
        posedirs=rows.posedirs.mean(0, keepdims=True),
        weights=rows.weights.mean(0, keepdims=True),
    )


def _stacked(rows: list[BasisRows]) -> BasisRows:
    return BasisRows(**{f.name: np.concatenate([getattr(row, f.name) for row in rows]) for f in fields(BasisRows)})
