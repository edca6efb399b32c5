"""One step of training: a batch in, better weights out; anything that isn't finite stops the run and says why."""

from dataclasses import dataclass, fields

import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuffs.errors import CheckFailed
from trainer.batch import Batch
from trainer.checkpoint import Trainee
from trainer.losses import TERMS, LossSums, active_weights, loss_sums, mean_terms, total_loss
from trainer.optimiser import clip_gradients, learning_rate, set_learning_rate
from trainer.ranks import Ranks
from trainer.recipe import TrainRecipe
from trainer.targets import TargetMaker


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Learner:
    """All that a step works on."""

    recipe: TrainRecipe
    ranks: Ranks
    trainee: Trainee
    network: nn.Module
    """The trainee's model, inside DDP where there are several processes."""

    make_targets: TargetMaker


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StepReport:
    """What a step came to, over all processes."""

    terms: Float[Tensor, " terms"]
    """Unweighted means, in the order of `TERMS`, on the CPU."""

    loss: float
    gradient_norm: float
    """Before it was clipped."""

    learning_rate: float
    people: int
    stop: bool
    """Whether any process was asked to stop."""


def learn(learner: Learner, batch: Batch, *, step: int, stop: bool) -> StepReport:
    """Do a step.

    Args:
        learner: changed in place: weights, moments, moving mean.
        batch: of this process, on its device.
        step: its number, from 0.
        stop: whether this process was asked to stop; all get to know.

    Raises:
        CheckFailed: if a loss term or the gradient is not finite: naming terms, or weights, and the samples.
    """
    config, trainee = learner.recipe.optimiser, learner.trainee
    local, picked = measure(learner, learner.network, batch)
    shared = torch.cat([local.counts.double(), local.sums.detach().double(), local.counts.new_tensor([picked, stop])])
    counts, sums, (people, stopped) = learner.ranks.sum(shared).split([len(TERMS), len(TERMS), 2])
    terms = mean_terms(sums, counts)
    if not torch.isfinite(terms).all():
        raise CheckFailed(_not_finite(learner, batch, local, terms, step))
    weights = active_weights(learner.recipe.losses, step).to(terms.device)
    trainee.optimiser.zero_grad()
    total_loss(local, counts=counts.float(), world_size=learner.ranks.world_size, weights=weights).backward()
    norm = float(clip_gradients(trainee.model.parameters(), config.clip_norm))
    if not norm < float("inf"):
        raise CheckFailed(_bad_gradient(learner, batch, step))
    rate = learning_rate(config, step)
    set_learning_rate(trainee.optimiser, rate)
    trainee.optimiser.step()
    if trainee.average is not None:
        trainee.average.follow(trainee.model)
    return StepReport(
        terms=terms.cpu(),
        loss=float((weights.double() * terms).sum()),
        gradient_norm=norm,
        learning_rate=rate,
        people=int(people),
        stop=bool(stopped),
    )


def measure(learner: Learner, network: nn.Module, batch: Batch) -> tuple[LossSums, int]:
    """Loss terms of a batch, and how many people it has that can be found."""
    device = learner.ranks.device
    targets = learner.make_targets(batch)
    with torch.autocast(device.type, torch.bfloat16, enabled=learner.recipe.optimiser.precision == "bf16"):
        prediction = network(batch.image, batch.K, targets.picks)
    return loss_sums(prediction, targets, learner.recipe.losses), len(targets.kept)


def _not_finite(learner: Learner, batch: Batch, local: LossSums, terms: Tensor, step: int) -> str:
    broken = [name for name, value in zip(TERMS, terms.tolist(), strict=True) if not abs(value) < float("inf")]
    head = f"step {step}: the loss is not finite in {', '.join(broken)}"
    if torch.isfinite(local.sums).all():
        return f"{head}; the cause is in another process, whose message names it."
    return f"{head}. {_blame(learner, batch)} The newest checkpoint is from before it."


@torch.no_grad()
def _blame(learner: Learner, batch: Batch) -> str:
    """Which samples of a batch bring it about, each looked at alone."""
    guilty = []
    for row, key in enumerate(batch.keys):
        sums, _ = measure(learner, learner.trainee.model, only_image(batch, row))
        terms = [name for name, value in zip(TERMS, sums.sums.tolist(), strict=True) if not abs(value) < float("inf")]
        if terms:
            guilty.append(f"{key} ({', '.join(terms)})")
    if guilty:
        return f"Samples that bring it about: {'; '.join(guilty)}."
    return f"No sample does alone; together: {', '.join(batch.keys)}."


def _bad_gradient(learner: Learner, batch: Batch, step: int) -> str:
    broken = [
        name
        for name, value in learner.trainee.model.named_parameters()
        if value.grad is not None and not torch.isfinite(value.grad).all()
    ]
    return (
        f"step {step}: the loss is finite, its gradient is not, for {', '.join(broken[:8])}"
        f"{f' and {len(broken) - 8} more' if len(broken) > 8 else ''}. Samples: {', '.join(batch.keys)}. "
        "The newest checkpoint is from before it."
    )


def only_image(batch: Batch, row: int) -> Batch:
    """One picture of a batch and its people."""
    people = batch.image_of == row
    images = {"image": batch.image[row : row + 1], "K": batch.K[row : row + 1]}
    of_people = {
        field.name: getattr(batch, field.name)[people] for field in fields(Batch) if field.name not in NOT_OF_PEOPLE
    }
    return Batch(keys=(batch.keys[row],), image_of=batch.image_of[people] - row, **images, **of_people)


NOT_OF_PEOPLE = ("keys", "image", "K", "image_of")
