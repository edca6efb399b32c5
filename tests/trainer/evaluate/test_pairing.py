"""Who is whose match: each benchmark's rule against a plain reading of it, and laws of all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.evaluate.agora import pair_as_agora, summary
from trainer.evaluate.measures import aligned_mm, centred_mm, within
from trainer.evaluate.mupots import pair_by_joints
from trainer.evaluate.run import Outcome
from trainer.evaluate.shots import Figure, Judged, detection, mean_of, pair_greedily
from trainer.evaluate.table import as_markdown, table

RULES = [pair_greedily, pair_by_joints, pair_as_agora]


def figure(points, *, counted=True):
    return Figure(points_px=points, joints=np.zeros((15, 3)), verts=np.zeros((0, 3)), counted=counted)


def crowd(rng, count, side=150.0):
    """People's 24 joints, tens of pixels wide, anywhere."""
    return [
        figure(rng.uniform(0, side, 2) + rng.uniform(0, 60, (24, 2)), counted=rng.uniform() < 0.7) for _ in range(count)
    ]


def agora_by_the_letter(found, there):
    """A list of all pairs that is worn down from its best; a pair apart is an alarm whoever is in it."""
    errors = {
        (p, g): np.linalg.svd(a.points_px[:24] - b.points_px[:24], compute_uv=False)[0]
        for p, a in enumerate(found) for g, b in enumerate(there)
    }  # fmt: skip
    taken, done, alarms, matches = [], [], 0, []
    while len(done) < len(there) and len(taken) + alarms < len(found):
        best = min(errors, key=errors.get)
        del errors[best]
        p, g = best
        boxes = [(one.points_px.min(0), one.points_px.max(0)) for one in (found[p], there[g])]
        shared = 1.0
        for axis in (0, 1):
            low, high = max(b[0][axis] for b in boxes), min(b[1][axis] for b in boxes)
            shared *= max(0.0, high - low + 1)
        areas = [np.prod(high - low + 1) for low, high in boxes]
        if shared / (sum(areas) - shared) < 0.1:
            alarms += 1
            if not there[g].counted and g not in done:
                done.append(g)
        elif p not in taken and g not in done:
            done.append(g)
            if there[g].counted:
                taken.append(p)
                matches.append((p, g))
    return matches


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2**31))
def test_agora_s_matching_is_what_its_letter_says(num_found, num_there, seed):
    rng = np.random.default_rng(seed)
    found, there = crowd(rng, num_found), crowd(rng, num_there)
    assert list(pair_as_agora(found, there)) == agora_by_the_letter(found, there)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 5), st.integers(0, 5), st.integers(0, 2**31))
def test_mupots_takes_whoever_has_most_joints_near(num_found, num_there, seed):
    rng = np.random.default_rng(seed)
    found, there = crowd(rng, num_found, 60), crowd(rng, num_there, 60)
    free, expected = list(range(num_found)), []
    for g, truth in enumerate(there):
        scores = []
        for p in free:
            near = 0
            for joint in range(1, 14):
                dx, dy = abs(found[p].points_px[joint] - truth.points_px[joint])
                near += dx < 40 and dy < 40
            scores.append(near)
        if scores and max(scores) > 0:
            expected.append((free.pop(scores.index(max(scores))), g))
    assert list(pair_by_joints(found, there)) == expected


@pytest.mark.parametrize("rule", RULES)
def test_nobody_is_in_two_pairs_and_the_truth_finds_itself(rule):
    rng = np.random.default_rng(0)
    for _ in range(20):
        pairs = rule(crowd(rng, 4), crowd(rng, 5))
        assert all(len(set(side)) == len(side) for side in zip(*pairs, strict=True))
    there = [figure(rng.uniform(0, 50, (24, 2)) + [200 * n, 0]) for n in range(4)]
    assert sorted(rule(there[::-1], there)) == [(3 - n, n) for n in reversed(range(4))]
    assert rule([], there) == rule(there, []) == []


def test_distances_by_hand():
    truth = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    ours = truth + [0.5, 0.5, 0.5]
    ours[2, 2] += 0.3
    assert centred_mm(ours, truth, ours[0], truth[0]) == pytest.approx(100)
    assert within(ours, truth, ours[0], truth[0], limit_mm=150).tolist() == [True, True, False]
    assert aligned_mm(3 * truth[:, [1, 2, 0]] + 7, truth) == pytest.approx(0, abs=1e-9)


def judged(errors, *, extra=0, missed=0):
    return Judged(group="a", errors=tuple(errors), extra=extra, missed=missed)


def test_counts_by_hand():
    rows = [judged([{"pve": [1.0, 3.0]}, {"pve": []}], extra=1), judged([], missed=3)]
    assert mean_of(rows, "pve") == 2
    assert mean_of(rows, "nothing") is None
    told = detection(rows)
    assert (told["precision"], told["recall"], told["f1"]) == (2 / 3, 2 / 5, 4 / 8)
    assert set(detection([]).values()) == {None}


def test_agora_divides_by_the_rounded_f1():
    names = [f"{part}-{kind}" for part in ("body", "lhand", "rhand", "face") for kind in ("MVE", "MPJPE")]
    rows = [judged([{name: [66.66] for name in names}] * 2, extra=1), judged([], missed=1)]
    told = summary(rows)
    assert told["f1"] == 0.67 and told["body-MVE"] == 66.7
    assert told["body-NMVE"] == round(66.7 / 0.67, 1)
    assert told["lhand-MVE"] == 66.7, "a picture in which nobody was found is left out of hands' means"
    assert told["fullbody-MVE"] == round(66.7 + 3 * (66.7 / 3), 1)
    nobody = summary([judged([], missed=2)])
    assert nobody["f1"] == 0 and "body-NMVE" not in nobody


def test_tables_put_the_paper_s_rows_below_ours():
    outcome = Outcome(
        kind="ehf", name="ehf", values={"pve_mm": 61.234, "recall": None, "pictures": 3.0}, notes=("few",)
    )
    text = as_markdown([outcome], label="mine")
    lines = text.splitlines()
    assert lines[2] == "| | pve_mm | recall |"
    assert lines[4] == "| mine | 61.2 | – |"
    assert "| Hand4Whole | 76.8 | – |" in lines and "| OSX | 70.8 | – |" in lines
    assert "pictures 3" in text and "- few" in text
    assert table({"a": {}}, ["x"]).endswith("| a | – |")
