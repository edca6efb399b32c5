"""The recipes that are shipped: readable, buildable, and as the paper says where they claim it."""

from pathlib import Path

import pytest
import torch

from trainer.model.mean import neutral_person
from trainer.model.network import Weights
from trainer.recipe import load_recipe

RECIPES = sorted((Path(__file__).parents[2] / "trainer" / "recipes").glob("*.yaml"))
BACKBONE_MILLIONS = {"vits_448": 22.1, "vitb_672": 86.6, "vitl_896": 304.4}
"""Of DINOv2's own table: 21, 86, 300."""


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_builds_its_model(path):
    """On torch's meta device: shapes alone, no memory."""
    recipe = load_recipe(path)
    assert recipe.name == path.stem
    mean = neutral_person()
    with torch.device("meta"):
        weights = Weights(recipe.model, mean)
    assert all(value.is_meta for value in weights.parameters())
    if path.stem in BACKBONE_MILLIONS:
        millions = sum(value.numel() for value in weights.backbone.parameters()) / 1e6
        assert millions == pytest.approx(BACKBONE_MILLIONS[path.stem], abs=0.1)


@pytest.mark.parametrize("name", BACKBONE_MILLIONS)
def test_the_papers_recipes_keep_its_schedule(name):
    recipe = load_recipe(RECIPES[0].with_name(f"{name}.yaml"))
    optimiser = recipe.optimiser
    assert (optimiser.batch_size, optimiser.learning_rate, optimiser.steps) == (8, 5e-5, 400_000)
    assert optimiser.schedule == "constant"
    assert recipe.model.image_side == int(name.split("_")[1])


def test_no_recipe_has_been_lost():
    assert {"smoke", "overfit", "vits_448", "vitb_672", "vitl_896"} <= {path.stem for path in RECIPES}
