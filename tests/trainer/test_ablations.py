"""Every part of the paper's ablation, and every other choice of a recipe, takes a step of training."""

import pytest
import torch

from tests.trainer.runs import ALONE, CPU, changed
from trainer.data.batches import StepPlaces, load_batches
from trainer.data.stream import StreamPlace
from trainer.losses import LossConfig
from trainer.model.config import BackboneConfig, HeadConfig, RayConfig
from trainer.prepare import make_model, make_trainee, open_data, parse_sources
from trainer.step import Learner, learn
from trainer.targets import TargetConfig, TargetMaker

SMALL = {"width": 32, "mlp_width": 32, "num_heads": 2, "head_width": 16, "num_layers": 1}
HRNET = BackboneConfig(name="hrnet_w48", width=48)
CHOICES = {
    "iterative regressor": {"model": {"head": HeadConfig(kind="iterative", width=32)}},
    "HRNet and iterative regressor": {"model": {"backbone": HRNET, "head": HeadConfig(kind="iterative", width=32)}},
    "HRNet and HPH": {"model": {"backbone": HRNET}},
    "small convolutional network": {"model": {"backbone": BackboneConfig(name="conv_tiny14")}},
    "no self-attention": {"model": {"head": HeadConfig(self_attention=False, **SMALL)}},
    "the paper's order of blocks": {"model": {"head": HeadConfig(block_order="paper", **SMALL)}},
    "rays as the paper": {"model": {"rays": RayConfig(kind="paper")}},
    "rays as the reference": {"model": {"rays": RayConfig(kind="reference")}},
    "linear camera": {"model": {"rays": RayConfig(kind="linear")}},
    "no camera": {"model": {"rays": RayConfig(kind="none")}},
    "reference depth": {"model": {"depth": "reference"}},
    "canonical depth": {"model": {"depth": "canonical"}},
    "the released training's targets and losses": {
        "targets": TargetConfig(heads="reference"),
        "losses": LossConfig(detection="focal", reprojection_from_step=1),
    },
    "bf16": {"optimiser": {"precision": "bf16"}},
}


def learner_of(recipe, dataset, body, layer):
    """What a run would train, and its batches."""
    place = StreamPlace(rank=0, world_size=1, first_step=0)
    data = open_data(recipe, parse_sources([str(dataset)], []), body, place)
    model, _, _ = make_model(recipe, layer, data.training, fresh=True)
    learner = Learner(
        recipe=recipe, ranks=ALONE, trainee=make_trainee(model, recipe, ALONE), network=model,
        make_targets=TargetMaker(layer, recipe.model, recipe.targets),
    )  # fmt: skip
    places = StepPlaces(first=0, steps=1, batch_size=recipe.optimiser.batch_size, rank=0, world_size=1)
    return learner, next(iter(load_batches(data.training, places, workers=0, prefetch=1))).to_batch(CPU)


@pytest.mark.parametrize("choice", CHOICES.values(), ids=list(CHOICES))
def test_every_choice_reaches_all_weights_and_learns(choice, dataset, open_body, body_layer):
    """A gradient for every tensor (processes would wait for one that has none), and then a smaller loss."""
    recipe = changed(**choice)
    recipe = changed(recipe, optimiser={"batch_size": 4, "steps": 4, "warmup_steps": 0, "ema_decay": None})
    learner, batch = learner_of(recipe, dataset, open_body, body_layer)
    reports = [learn(learner, batch, step=0, stop=False) for _ in range(4)]
    idle = [name for name, value in learner.trainee.model.named_parameters() if value.grad is None]
    assert not idle
    assert all(torch.isfinite(report.terms).all() for report in reports)
    assert reports[-1].loss < reports[0].loss


def test_the_moving_mean_takes_over_what_batch_normalisation_measures(dataset, open_body, body_layer):
    recipe = changed(model={"backbone": HRNET})
    learner, batch = learner_of(recipe, dataset, open_body, body_layer)
    learn(learner, batch, step=0, stop=False)
    model, average = learner.trainee.model, learner.trainee.best()
    assert model is not average
    assert torch.equal(average.backbone.encoder.bn1.running_mean, model.backbone.encoder.bn1.running_mean)
    assert model.backbone.encoder.bn1.running_mean.abs().max() > 0
