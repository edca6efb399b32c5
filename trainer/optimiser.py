"""Learning rates over time, parameter groups, the moving mean of the weights."""

import copy
import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.optim import AdamW

from trainer.model.network import MultiHmr
from trainer.recipe import OptimiserConfig


def learning_rate(config: OptimiserConfig, step: int) -> float:
    """The rate of a step, counted from 0: it rises linearly over the warm-up, then follows the schedule."""
    if step < config.warmup_steps:
        return config.learning_rate * (step + 1) / config.warmup_steps
    if config.schedule == "constant":
        return config.learning_rate
    done = (step - config.warmup_steps) / max(1, config.steps - 1 - config.warmup_steps)
    share = config.final_factor + (1 - config.final_factor) * (1 + math.cos(math.pi * min(done, 1.0))) / 2
    return config.learning_rate * share


def make_optimiser(model: nn.Module, config: OptimiserConfig) -> AdamW:
    """Adam with decoupled decay (Loshchilov and Hutter 2019); without decay it is Adam.

    Two groups, the backbone's and the rest. Vectors (biases, norms) and tables of positions don't decay.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decays = parameter.dim() > 1 and not name.endswith(NO_DECAY)
        groups.setdefault((name.startswith("backbone."), decays), []).append(parameter)
    return AdamW(
        [
            {
                "params": parameters,
                "weight_decay": config.weight_decay if decays else 0.0,
                "factor": config.backbone_factor if in_backbone else 1.0,
            }
            for (in_backbone, decays), parameters in groups.items()
        ],
        lr=config.learning_rate,
        betas=config.betas,
        fused=True,
    )


NO_DECAY = ("pos_embed", "cls_token", "pos_embedding", "queries_x", "queries_y", "values_x", "values_y")


def set_learning_rate(optimiser: AdamW, rate: float) -> None:
    """Set the rate of every group, by its factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]


def clip_gradients(parameters: Iterable[nn.Parameter], clip_norm: float | None) -> Tensor:
    """Shorten the gradient of all weights together to `clip_norm`; its norm before that."""
    return nn.utils.clip_grad_norm_(parameters, math.inf if clip_norm is None else clip_norm)


class MovingAverage:
    """A copy of a network that follows its weights: exponentially, but at step n not slower than (1 + n) / (10 + n).

    Without that the random start would be remembered for 1 / (1 - decay) steps. torch's own `AveragedModel` copies all
    buffers at every step; here these are the body model's, 80 MB that never change.
    """

    def __init__(self, model: MultiHmr, decay: float) -> None:
        self.decay = decay
        self.num_steps = 0
        self.module = copy.deepcopy(model, {id(model.body): model.body}).requires_grad_(False).eval()

    @torch.no_grad()
    def follow(self, model: MultiHmr) -> None:
        """Take in the weights after a step."""
        kept = min(self.decay, (1 + self.num_steps) / (10 + self.num_steps))
        for average, current in zip(self.module.parameters(), model.parameters(), strict=True):
            average.lerp_(current, 1 - kept)
        # Batch normalisation's own running means: a mean of means would be of no use.
        for copied, current in zip(self.module.backbone.buffers(), model.backbone.buffers(), strict=True):
            copied.copy_(current)
        self.num_steps += 1
