"""Measures and matching, each against a computation of its own: numpy, loops, scipy, by hand."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from cuffs.body import body_parts
from cuffs.skeleton import INDEX
from tests.trainer.shards import pose, random_people
from trainer.matching import MIN_IOU, box_iou, match_people
from trainer.metrics import (
    MEASURES,
    Tally,
    Trusted,
    align_similarity,
    empty_tally,
    hand_vertices,
    person_errors,
    scores,
    tally,
)
from trainer.model.people import Bodies

CPU = torch.device("cpu")


def bodies_of(open_body, records):
    posed = [pose(open_body, record) for record in records]
    rest = torch.zeros(len(records), 1)
    return Bodies(
        rotmats=torch.eye(3).expand(len(records), 55, 3, 3),
        betas=rest.expand(-1, 10),
        expression=rest.expand(-1, 10),
        transl=rest.expand(-1, 3),
        verts=torch.tensor(np.array([verts for verts, _ in posed])),
        joints=torch.tensor(np.array([np.concatenate([joints, np.zeros((72, 3))]) for _, joints in posed])),
    )


@pytest.fixture(scope="module")
def pairs(open_body):
    """Three people and guesses of them, as records and as bodies."""
    rng = np.random.default_rng(0)
    truth, guess = random_people(rng, 3), random_people(rng, 3)
    return truth, guess, bodies_of(open_body, truth), bodies_of(open_body, guess)


def by_hand(open_body, truth, guess):
    """PVE, hands, MPJPE, depth in numpy, one person and one vertex after the other."""
    (verts_t, joints_t), (verts_g, joints_g) = pose(open_body, truth), pose(open_body, guess)

    def mean(a, b, centre_a, centre_b):
        distances = [np.linalg.norm((p - centre_a) - (q - centre_b)) for p, q in zip(a, b, strict=True)]
        return 1000 * float(np.mean(distances))

    parts = body_parts(open_body)
    hands = []
    for side in ("left", "right"):
        wrist, verts = INDEX[f"{side}_wrist"], parts[f"{side}_hand"]
        hands.append(mean(verts_g[verts], verts_t[verts], joints_g[wrist], joints_t[wrist]))
    return {
        "pve": mean(verts_g, verts_t, joints_g[0], joints_t[0]),
        "hands_pve": hands,
        "mpjpe": mean(joints_g[:22], joints_t[:22], joints_g[0], joints_t[0]),
        "depth": 1000 * abs(joints_g[15, 2] - joints_t[15, 2]),
    }


def test_errors_are_what_a_loop_over_vertices_says(open_body, pairs):
    truth, guess, truth_bodies, guess_bodies = pairs
    errors = person_errors(guess_bodies, truth_bodies, hand_vertices(open_body, CPU))
    for row in range(3):
        for name, value in by_hand(open_body, truth[row], guess[row]).items():
            assert np.allclose(getattr(errors, name)[row].numpy(), value, rtol=1e-9), name


def test_a_perfect_guess_has_no_error(open_body, pairs):
    _, _, truth, _ = pairs
    errors = person_errors(truth, truth, hand_vertices(open_body, CPU))
    for name in MEASURES:
        assert getattr(errors, name).abs().max() < 1e-6, name


def similarity_by_search(points, onto):
    """The best similarity found by a general optimiser: no closed form shared with the code."""

    def place(x):
        return np.exp(x[0]) * Rotation.from_rotvec(x[1:4]).apply(points) + x[4:7]

    def cost(x):
        return ((place(x) - onto) ** 2).sum()

    starts = [np.concatenate([[0.0], turn, onto.mean(0) - points.mean(0)]) for turn in np.eye(4, 3) * 2]
    best = min((minimize(cost, start, method="BFGS", options={"gtol": 1e-10}) for start in starts), key=lambda r: r.fun)
    return place(best.x)


@pytest.mark.parametrize("seed", range(4))
def test_alignment_is_the_best_similarity_that_can_be_found(seed):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(12, 3))
    turned = 1.7 * Rotation.from_rotvec(rng.normal(size=3)).apply(points) + rng.normal(size=3)
    onto = turned + rng.normal(size=points.shape) * 0.3
    ours = align_similarity(torch.tensor(points)[None], torch.tensor(onto)[None])[0].numpy()
    theirs = similarity_by_search(points, onto)
    assert ((ours - onto) ** 2).sum() <= ((theirs - onto) ** 2).sum() + 1e-6
    assert np.abs(ours - theirs).max() < 1e-3


def test_alignment_never_mirrors():
    points = torch.randn(1, 20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    mirrored = points * torch.tensor([-1.0, 1, 1], dtype=torch.float64)
    assert (align_similarity(points, mirrored) - mirrored).norm() > 0.5


def test_measures_forgive_just_what_they_say(open_body, pairs):
    """PVE forgives a shift; the PA- measures a similarity besides; depth none."""
    from dataclasses import replace

    _, _, truth, guess = pairs
    hands = hand_vertices(open_body, CPU)
    before = person_errors(guess, truth, hands)
    shift = torch.tensor([0.3, -0.2, 0.5], dtype=torch.float64)
    shifted = person_errors(replace(guess, verts=guess.verts + shift, joints=guess.joints + shift), truth, hands)
    R = torch.tensor(Rotation.from_rotvec([0.4, 1.0, -0.3]).as_matrix())
    moved = person_errors(
        replace(guess, verts=1.3 * guess.verts @ R.T, joints=1.3 * guess.joints @ R.T), truth, hands
    )  # fmt: skip
    for name in ("pve", "hands_pve", "mpjpe", "pa_pve", "pa_mpjpe"):
        assert torch.allclose(getattr(shifted, name), getattr(before, name), rtol=1e-6), name
    for name in ("pa_pve", "pa_mpjpe"):
        assert torch.allclose(getattr(moved, name), getattr(before, name), rtol=1e-6), name
    assert (moved.pve - before.pve).abs().min() > 1
    assert (shifted.depth - before.depth).abs().min() > 1


def greedy_by_rule(distance, allowed):
    """Of all orders of taking pairs, that in which each is the nearest of what is left."""
    taken, rows, columns = [], set(), set()
    for row, column in sorted(np.ndindex(*distance.shape), key=lambda at: distance[at]):
        if allowed[row, column] and row not in rows and column not in columns:
            taken.append((row, column))
            rows.add(row)
            columns.add(column)
    return taken


def iou_by_counting(a, b, cells=400):
    """Overlap of boxes on a fine grid."""
    low, high = np.minimum(a[:2], b[:2]), np.maximum(a[2:], b[2:])
    middles = (np.arange(cells) + 0.5) / cells
    x, y = np.meshgrid(*[low[i] + (high[i] - low[i]) * middles for i in (0, 1)])
    inside = [(x > box[0]) & (x < box[2]) & (y > box[1]) & (y < box[3]) for box in (a, b)]
    return (inside[0] & inside[1]).sum() / (inside[0] | inside[1]).sum()


def test_overlap_of_boxes_is_what_a_grid_counts():
    rng = np.random.default_rng(0)
    for _ in range(10):
        a, b = (np.sort(rng.uniform(0, 10, (2, 2)), 0).ravel() for _ in range(2))
        ours = float(box_iou(torch.tensor(a), torch.tensor(b)))
        assert abs(ours - iou_by_counting(a, b)) < 0.01


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2**31))
def test_matching_takes_the_nearest_pair_that_is_left(num_found, num_true, seed):
    rng = np.random.default_rng(seed)
    found, true = rng.uniform(0, 60, (num_found, 4, 2)), rng.uniform(0, 60, (num_true, 4, 2))
    found_image, true_image = rng.integers(0, 2, num_found), rng.integers(0, 2, num_true)
    pairs = match_people(
        torch.tensor(found), torch.tensor(true),
        found_image=torch.tensor(found_image).long(), true_image=torch.tensor(true_image).long(),
    )  # fmt: skip
    distance, allowed = np.zeros((num_found, num_true)), np.zeros((num_found, num_true), bool)
    for row, column in np.ndindex(num_found, num_true):
        distance[row, column] = np.mean([np.linalg.norm(p - q) for p, q in zip(found[row], true[column], strict=True)])
        boxes = [np.concatenate([points.min(0), points.max(0)]) for points in (found[row], true[column])]
        allowed[row, column] = (
            found_image[row] == true_image[column] and float(box_iou(*map(torch.tensor, boxes))) >= MIN_IOU
        )
    assert [tuple(pair) for pair in pairs.tolist()] == greedy_by_rule(distance, allowed)


def test_matching_does_not_depend_on_order():
    rng = np.random.default_rng(1)
    true = torch.tensor(rng.uniform(0, 50, (4, 6, 2)))
    found = true[[2, 0, 3, 1]] + torch.tensor(rng.normal(size=(4, 6, 2)))
    zeros = torch.zeros(4, dtype=torch.int64)
    for order in permutations(range(4)):
        pairs = match_people(found[list(order)], true, found_image=zeros, true_image=zeros)
        assert {(order[row], column) for row, column in pairs.tolist()} == {(0, 2), (1, 0), (2, 3), (3, 1)}


def test_scores_are_ratios_of_counts(open_body, pairs):
    _, _, truth, guess = pairs
    errors = person_errors(guess, truth, hand_vertices(open_body, CPU))
    nobody, everybody = torch.zeros(3, dtype=torch.bool), torch.ones(3, dtype=torch.bool)
    hands = torch.zeros(3, 2, dtype=torch.bool)
    trusted = Trusted(shape=torch.tensor([True, False, True]), hands=hands, depth=everybody)
    trusted.hands[1, 0] = True
    told = scores(tally(errors, trusted, torch.tensor([3.0, 1.0, 2.0])) + empty_tally(CPU))
    assert told["pve_mm"] == pytest.approx(float((errors.pve[0] + errors.pve[2]) / 2))
    assert told["hands_pve_mm"] == pytest.approx(float(errors.hands_pve[1, 0]))
    assert told["depth_mm"] == pytest.approx(float(errors.depth.mean()))
    assert (told["precision"], told["recall"]) == (0.75, 0.6)
    assert told["f1"] == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))
    empty = scores(empty_tally(CPU))
    assert set(empty.values()) == {None}, "nothing is made up where nobody is"
    assert nobody.sum() == 0


def test_tallies_of_parts_add_up_to_that_of_all(open_body, pairs):
    from trainer.targets import take

    _, _, truth, guess = pairs
    hands = hand_vertices(open_body, CPU)

    def of(rows):
        rows = torch.tensor(rows)
        flags = torch.ones(len(rows), dtype=torch.bool)
        trusted = Trusted(shape=flags, hands=flags[:, None].expand(-1, 2), depth=flags)
        return tally(person_errors(take(guess, rows), take(truth, rows), hands), trusted, torch.tensor([1.0, 2, 3]))

    whole, parts = of([0, 1, 2]), of([0]) + of([1, 2])
    for name in ("sums", "counts"):
        assert torch.allclose(getattr(whole, name), getattr(parts, name)), name
    assert isinstance(parts, Tally)
    assert parts.found.tolist() == [2, 4, 6]
