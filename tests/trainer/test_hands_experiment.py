"""The hands experiment's recipes and arithmetic; the experiment itself takes hours."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import ttest_1samp

from benchmarks import hands_experiment as experiment
from cuffs.config import load_yaml
from cuffs.recipe import load_recipe

PLAN = experiment.Plan(per_cell=2000, tests=300, epochs=20, seeds=(0, 1, 2))


def settings():
    return load_yaml(Path(experiment.SETTINGS))


def made_up(rng, far_rest, far_diverse, close_rest, close_diverse, body=70.0):
    """Results with a little spread about given hands PVEs."""
    means = {
        "far rest": far_rest, "far diverse": far_diverse, "close rest": close_rest, "close diverse": close_diverse,
    }  # fmt: skip
    return {
        name: {
            seed: {"hands": value + rng.normal(0, 0.3), "body": body + rng.normal(0, 0.2), "recall": 1.0}
            for seed in range(3)
        }
        for name, value in means.items()
    }


def test_every_set_s_recipe_is_one_that_renders(tmp_path):
    plain = {}
    for cell in experiment.CELLS:
        values = experiment.render_recipe(settings(), cell, name="x")
        (tmp_path / "x.yaml").write_text(yaml.safe_dump(values))
        load_recipe(tmp_path / "x.yaml")
        plain[cell] = values
    far, close = plain["far", "rest"], plain["close", "rest"]
    assert {key for key in far if far[key] != close[key]} == {"camera"}
    assert {key for key in close if close[key] != plain["close", "diverse"][key]} == {"poses"}
    assert far["camera"]["distance_m"][0] > 1.5 * close["camera"]["distance_m"][1]


def test_trainings_differ_in_the_crop_alone_and_people_are_as_large_in_it():
    recipes = {cell: experiment.train_recipe(settings(), cell, PLAN, 0) for cell in experiment.CELLS}
    assert len({recipe.optimiser for recipe in recipes.values()}) == 1
    assert (
        recipes["far", "rest"] == recipes["far", "diverse"] and recipes["close", "rest"] == recipes["close", "diverse"]
    )
    assert recipes["far", "rest"].optimiser.steps == 2000 * 20 // recipes["far", "rest"].optimiser.batch_size
    sizes = {}
    for cell in (("far", "rest"), ("close", "rest")):
        distance = np.mean(experiment.render_recipe(settings(), cell, name="x")["camera"]["distance_m"])
        sizes[cell[0]] = np.mean(recipes[cell].augment.framing.scale) / distance
    assert sizes["far"] == pytest.approx(sizes["close"], rel=0.03)


def test_the_change_and_its_interval_are_student_s():
    results = made_up(np.random.default_rng(0), 40, 36, 35, 30)
    middle, low, high = experiment.change(results, "hands")
    best, worst = (
        np.array([results[cell][s]["hands"] for s in range(3)]) for cell in (experiment.BEST, experiment.WORST)
    )
    expected = ttest_1samp(best / worst - 1, 0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high))
    assert middle == pytest.approx(np.mean(best / worst) - 1)
    one = {name: {0: rows[0]} for name, rows in results.items()}
    assert experiment.change(one, "hands")[1:] == (float("-inf"), float("inf")), "one seed says nothing of spread"


def test_each_claim_can_fail():
    rng = np.random.default_rng(1)
    good = made_up(rng, 40, 36, 35, 30)
    assert all(line.holds for line in experiment.lines_of(good))

    def failing(results):
        return [line.name for line in experiment.lines_of(results) if not line.holds]

    assert "hands PVE falls by" in failing(made_up(rng, 40, 40, 39, 38.5))
    assert "upper end of its interval" in failing(made_up(rng, 40, 40, 40, 41))
    assert failing(made_up(rng, 40, 36, 29, 30)) == ["better mixed cell / close diverse"]
    assert failing(made_up(rng, 40, 42, 35, 30)) == ["worse mixed cell / far rest"]
    for row in good[experiment.BEST].values():
        row["body"] += 3
    assert failing(good) == ["body PVE, close diverse / far rest"]


def test_the_table_says_what_is_there_so_far():
    results = made_up(np.random.default_rng(2), 40, 36, 35, 30)
    text = experiment.table(results, PLAN)
    assert "| far, hands near rest | 40" in text and "2000 pictures a cell, 20 epochs, seeds 0, 1, 2" in text
    assert "hands: -2" in text
    unfinished = {name: {} for name in results} | {"far rest": results["far rest"]}
    assert "| close, hands diverse | – | – | – |" in experiment.table(unfinished, PLAN)
