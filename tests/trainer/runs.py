"""Recipes for seconds, and where they run."""

import json
from dataclasses import replace

import torch
import yaml

from cuffs.codec import encode
from trainer.data.config import PLAIN, DataConfig
from trainer.model.config import BackboneConfig, HeadConfig, ModelConfig
from trainer.ranks import Ranks
from trainer.recipe import OptimiserConfig, RecordsConfig, TrainRecipe, ValidationConfig

CPU = torch.device("cpu")
ALONE = Ranks(rank=0, world_size=1, device=CPU)

RECIPE = TrainRecipe(
    name="test",
    model=ModelConfig(
        image_side=56,
        backbone=BackboneConfig(name="vit_nano14"),
        head=HeadConfig(width=32, mlp_width=32, num_heads=2, head_width=16, num_layers=1),
    ),
    data=DataConfig(workers=0),
    augment=PLAIN,
    optimiser=OptimiserConfig(batch_size=2, steps=6, learning_rate=1e-3, warmup_steps=2, ema_decay=0.9),
    validation=ValidationConfig(every_steps=100, max_samples=2, num_pictures=1, max_people=3),
    records=RecordsConfig(log_every_steps=1, checkpoint_every_steps=3),
)


def changed(recipe=RECIPE, **blocks):
    """A recipe with some keys of some blocks changed: changed(optimiser={"steps": 3})."""
    return replace(
        recipe,
        **{
            name: replace(getattr(recipe, name), **values) if isinstance(values, dict) else values
            for name, values in blocks.items()
        },
    )


def write_recipe(path, recipe):
    """A recipe as the file that the command reads."""
    path.write_text(yaml.safe_dump(json.loads(json.dumps(encode(recipe)))))
    return path
