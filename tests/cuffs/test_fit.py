from dataclasses import replace

import numpy as np
import pytest

from cuffs.body import BodyModel, forward
from cuffs.errors import GeometryError, RecordError
from cuffs.fit import FitModel, fit_pose, fit_rest, prepare_fit, rest_pelvis, smplx_record, to_camera
from cuffs.fit.basis import FitBasis, basis_of_rows, fit_vertices, model_rows, sorted_groups, with_shape
from cuffs.fit.gauss_newton import moved, normal_equations
from cuffs.fit.linearise import (
    NUM_ROTATION,
    BodyState,
    global_rotmats,
    group_derivatives,
    joint_derivatives,
    local_rotmats,
    pose_basis,
)
from cuffs.fit.weights import RowMetric, robust_terms
from cuffs.rotations import angle_between_deg, rotmat_to_rotvec, rotvec_to_rotmat
from cuffs.skeleton import EYEBALLS, INDEX, LIMB_OF_JOINT, NUM_JOINTS, NUM_VERTS
from tests.cuffs.stick_body import stick_body


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return stick_body()


@pytest.fixture(scope="module")
def prepared(body: BodyModel) -> FitModel:
    return prepare_fit(body)


def random_local(rng: np.random.Generator, spread: float) -> np.ndarray:
    """Bends of up to a radian or so, any global orientation."""
    pose = rng.normal(size=(NUM_JOINTS, 3)) * spread
    pose[0] = rng.normal(size=3) * 2
    pose[[INDEX["left_eye"], INDEX["right_eye"]]] *= 0.5
    return rotvec_to_rotmat(pose)


def random_state(rng: np.random.Generator, spread: float = 0.35) -> BodyState:
    local = random_local(rng, spread)
    return BodyState(
        rotmats=global_rotmats(local),
        betas=rng.normal(size=10),
        expression=rng.normal(size=10),
        transl=rng.normal(size=3),
    )


def posed(body: BodyModel, state: BodyState) -> np.ndarray:
    local = local_rotmats(state.rotmats)
    return forward(body, rotmats=local, betas=state.betas, expression=state.expression, transl=state.transl)[0]


def test_the_subset_poses_like_the_whole_body(body, prepared):
    state = random_state(np.random.default_rng(1))
    subset = pose_basis(prepared.basis, state).points
    np.testing.assert_allclose(subset, posed(body, state)[prepared.vertices], atol=1e-12)


def test_every_joint_but_the_eyes_has_vertices_of_its_own_in_the_subset(body, prepared):
    dominant = body.weights[prepared.vertices].argmax(1)
    assert np.bincount(dominant, minlength=NUM_JOINTS)[: INDEX["left_eye"]].min() >= 40
    assert np.diff(LIMB_OF_JOINT[dominant]).min() >= 0
    assert not any(set(range(run.start, run.stop)) & set(prepared.vertices) for run in EYEBALLS.values())
    np.testing.assert_array_equal(fit_vertices(body), prepared.vertices)


def exact_basis(body: BodyModel) -> FitBasis:
    """The fit's basis, with nothing left out of its derivatives."""
    rows = model_rows(body, fit_vertices(body), num_betas=10, num_expressions=10)
    return basis_of_rows(body, rows, groups=sorted_groups(rows, negligible_m=0.0))


@pytest.mark.parametrize("fixed_shape", [False, True])
def test_the_jacobian_is_the_derivative_of_the_body(body, fixed_shape):
    rng = np.random.default_rng(2)
    state = random_state(rng)
    basis = exact_basis(body)
    if fixed_shape:
        basis = with_shape(basis, state.betas)
        state = BodyState(rotmats=state.rotmats, betas=np.zeros(0), expression=state.expression, transl=state.transl)
    here = pose_basis(basis, state)
    shared = joint_derivatives(basis, state, here)
    size = NUM_ROTATION + len(state.betas) + len(state.expression) + 3
    direction = rng.normal(size=size)
    step = 1e-6 * direction
    ahead, behind = (pose_basis(basis, moved(state, sign * step, basis)).points for sign in (1, -1))
    numeric = (ahead - behind) / 2e-6
    for number, group in enumerate(basis.groups):
        found = group_derivatives(basis, number, state, here, shared=shared)
        inner = found.outer @ direction[found.columns]
        np.testing.assert_allclose(found.jacobian @ inner, numeric[group.rows], atol=1e-7)


def test_newtons_matrix_is_the_second_derivative_of_the_robust_cost(body):
    """Pose correctives apart, whose own curvature is left out."""
    rng = np.random.default_rng(4)
    basis = exact_basis(replace(body, posedirs=np.zeros_like(body.posedirs)))
    state = random_state(rng)
    targets = pose_basis(basis, state).points + rng.normal(size=basis.template.shape) * 0.01
    trust, scale_m = rng.random(len(targets)), 0.005

    def cost(share: float) -> float:
        length = np.linalg.norm(targets - pose_basis(basis, moved(state, share * direction, basis)).points, axis=1)
        return float((trust * scale_m**2 * (np.sqrt(1 + (length / scale_m) ** 2) - 1)).sum())

    here = pose_basis(basis, state)
    terms = robust_terms(targets - here.points, trust, scale_m=scale_m, is_near=True)
    found = normal_equations(basis, state, here, metric=terms.metric, pull=terms.pull)
    direction = rng.normal(size=len(found.gradient))
    turns = direction[:NUM_ROTATION].reshape(-1, 3)
    second = direction @ found.hessian @ direction + np.einsum("ja,jab,jb->", turns, found.curvature, turns)
    step = 1e-4
    assert direction @ found.gradient == pytest.approx((cost(-step) - cost(step)) / (2 * step), rel=1e-4)
    assert second == pytest.approx((cost(step) - 2 * cost(0.0) + cost(-step)) / step**2, rel=1e-3)


def test_normal_equations_are_the_jacobians_gram_matrix(body):
    rng = np.random.default_rng(3)
    state = random_state(rng)
    basis = exact_basis(body)
    here = pose_basis(basis, state)
    targets = here.points + rng.normal(size=here.points.shape) * 0.01
    axis = rng.normal(size=(len(targets), 3))
    metric = RowMetric(
        scale=rng.random(len(targets)),
        axis=axis / np.linalg.norm(axis, axis=1, keepdims=True),
        along=rng.random(len(targets)),
    )
    found = normal_equations(basis, state, here, metric=metric, pull=targets - here.points)
    hessian, gradient = found.hessian, found.gradient
    direction = rng.normal(size=len(hessian)) * 1e-6
    ahead = pose_basis(basis, moved(state, direction, basis)).points
    behind = pose_basis(basis, moved(state, -direction, basis)).points
    change = (ahead - behind) / 2
    weighted = metric.applied(change[:, :, None], slice(None))
    assert direction @ hessian @ direction == pytest.approx((weighted**2).sum(), rel=1e-5)
    assert direction @ gradient == pytest.approx((change * (targets - here.points)).sum(), rel=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_a_body_of_the_models_own_is_recovered_exactly_with_its_shape_given(body, prepared, seed):
    state = random_state(np.random.default_rng(seed))
    targets = posed(body, state)
    fit = fit_pose(prepared, targets, state.betas)
    assert fit.converged
    assert fit.residual.all.max < 0.01
    np.testing.assert_allclose(fit.fitted, targets, atol=1e-5)
    turned = angle_between_deg(rotvec_to_rotmat(fit.params.pose), local_rotmats(state.rotmats))
    assert turned.max() < 0.1
    np.testing.assert_allclose(fit.params.expression, state.expression, atol=1e-3)


def test_a_body_of_the_models_own_at_rest_gives_its_shape(body, prepared):
    rng = np.random.default_rng(5)
    pose = rng.normal(size=(NUM_JOINTS, 3)) * 0.2
    pose[[INDEX["jaw"], INDEX["left_eye"], INDEX["right_eye"]]] = 0
    state = BodyState(
        rotmats=global_rotmats(rotvec_to_rotmat(pose)),
        betas=rng.normal(size=10),
        expression=np.zeros(10),
        transl=rng.normal(size=3),
    )
    fit = fit_rest(prepared, posed(body, state))
    assert fit.converged
    np.testing.assert_allclose(fit.params.betas, state.betas, atol=1e-3)
    assert angle_between_deg(fit.rotmats, state.rotmats).max() < 0.1
    assert fit.beta_max == pytest.approx(np.abs(state.betas).max(), abs=1e-3)


def noisy_person(body: BodyModel, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    state = random_state(rng)
    return posed(body, state) + rng.normal(size=(NUM_VERTS, 3)) * 0.003, state.betas


@pytest.mark.parametrize("seed", range(5))
def test_moving_the_target_moves_the_fit_and_nothing_else(body, prepared, seed):
    rng = np.random.default_rng(seed)
    targets, betas = noisy_person(body, seed)
    R, t = rotvec_to_rotmat(rng.normal(size=3) * 2), rng.normal(size=3) * 3
    here, there = fit_pose(prepared, targets, betas), fit_pose(prepared, targets @ R.T + t, betas)
    np.testing.assert_allclose(here.fitted @ R.T + t, there.fitted, atol=2e-5)
    turned = angle_between_deg(rotvec_to_rotmat(here.params.pose[1:]), rotvec_to_rotmat(there.params.pose[1:]))
    assert turned.max() < 0.05


def test_the_same_target_gives_the_same_bytes_whatever_came_before(body, prepared):
    first, betas = noisy_person(body, 1)
    other, other_betas = noisy_person(body, 2)
    one = fit_pose(prepared, first, betas)
    fit_pose(prepared, other, other_betas)
    again = fit_pose(prepare_fit(body), first, betas)
    assert one.params.pose.tobytes() == again.params.pose.tobytes()
    assert one.fitted.tobytes() == again.fitted.tobytes()
    assert one.residual == again.residual


def test_a_vertex_that_the_character_lacks_is_not_fitted(body):
    targets, betas = noisy_person(body, 3)
    is_covered = np.ones(NUM_VERTS, bool)
    is_covered[::7] = False
    prepared = prepare_fit(body, is_covered=is_covered)
    wrong = targets.copy()
    wrong[~is_covered] += 5.0
    np.testing.assert_array_equal(
        fit_pose(prepared, targets, betas).params.pose, fit_pose(prepared, wrong, betas).params.pose
    )


def test_eyes_without_a_counterpart_stay_with_the_head(body):
    is_covered = np.ones(NUM_VERTS, bool)
    is_covered[EYEBALLS["left"]] = False
    targets, betas = noisy_person(body, 4)
    fit = fit_pose(prepare_fit(body, is_covered=is_covered), targets, betas)
    np.testing.assert_allclose(fit.params.pose[[INDEX["left_eye"], INDEX["right_eye"]]], 0, atol=1e-9)


@pytest.mark.parametrize("seed", range(10))
def test_the_body_in_the_camera_frame_is_the_body_seen_from_the_camera(body, prepared, seed):
    rng = np.random.default_rng(seed)
    state = random_state(rng)
    targets = posed(body, state)
    params = fit_pose(prepared, targets, state.betas).params
    T_cam_world = np.eye(4)
    T_cam_world[:3, :3], T_cam_world[:3, 3] = rotvec_to_rotmat(rng.normal(size=3) * 2), rng.normal(size=3) * 4
    seen = to_camera(params, T_cam_world, rest_pelvis(body, params))
    verts, _ = forward(
        body,
        rotmats=rotvec_to_rotmat(seen.pose),
        betas=seen.betas,
        expression=seen.expression,
        transl=seen.transl,
    )
    np.testing.assert_allclose(verts, targets @ T_cam_world[:3, :3].T + T_cam_world[:3, 3], atol=1e-5)
    np.testing.assert_array_equal(smplx_record(seen).full_pose(), seen.pose)


def test_a_camera_that_is_not_rigid_is_refused(body, prepared):
    targets, betas = noisy_person(body, 6)
    params = fit_pose(prepared, targets, betas).params
    with pytest.raises(RecordError, match="rigid"):
        to_camera(params, np.diag([1.0, 1.0, 2.0, 1.0]), rest_pelvis(body, params))


def test_targets_that_are_not_finite_are_refused(prepared):
    targets = np.zeros((NUM_VERTS, 3))
    targets[3, 1] = np.nan
    with pytest.raises(GeometryError, match="1 coordinates"):
        fit_pose(prepared, targets, np.zeros(10))


def test_local_and_global_rotations_are_each_others_inverse():
    rng = np.random.default_rng(0)
    local = random_local(rng, 1.0)
    back = local_rotmats(global_rotmats(local))
    np.testing.assert_allclose(rotmat_to_rotvec(back), rotmat_to_rotvec(local), atol=1e-9)
