"""Train on some people, test on others: `python -m benchmarks.held_out TRAIN TEST --out RUN`.

The test's figure is PVE, the mean distance of vertices when pelvises are put on each other. A person who isn't found
counts as the mean person. It is held against two guesses, both put where the true head is: the training data's mean
root, pose and shape; and, harder, the true root with mean pose and shape. An interrupted training goes on.
"""

import argparse
import logging
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from scipy.spatial import KDTree
from torch import Tensor

from benchmarks.limits import Line, say
from cuffs.body import BodyModel, find_body_model
from cuffs.skeleton import BODY
from trainer.body_model import SmplxLayer
from trainer.checkpoint import checkpoints_of
from trainer.data.batches import load_batches
from trainer.data.config import PLAIN
from trainer.data.examples import EverySample, Example, ExampleSource
from trainer.data.people import concatenate_people
from trainer.data.stream import StreamPlace
from trainer.metrics import hand_vertices, person_errors
from trainer.model.mean import MeanPerson
from trainer.model.people import HEAD, Bodies, build_bodies
from trainer.model.person_head import PersonParameters
from trainer.model.rotations import rotmat_to_sixd
from trainer.model_folder import load_model
from trainer.prepare import RunData, mean_of_data, open_data, parse_sources
from trainer.ranks import Ranks, find_device
from trainer.recipe import TrainRecipe, load_recipe
from trainer.targets import TargetMaker, take, truth_bodies
from trainer.train import RunRequest, train
from trainer.validate import pair_up

RECIPE = Path("trainer/recipes/heldout.yaml")
MIN_TRAINING, MIN_TEST = 1000, 100
LIMITS = {"mean root, pose and betas": 0.8, "true root, mean pose and betas": 0.9}
CPU = torch.device("cpu")
BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Mean PVE of the same people, millimetres."""

    network: float
    found_only: float
    """Of those who were found."""

    mean_root: float
    true_root: float
    people: int
    missed: int
    extra: int


def gaps(training: EverySample, test: EverySample) -> tuple[float, float]:
    """How far the test person nearest to any training person is from it: in shape, and in the body's pose (radians)."""
    known, new = _shapes_and_poses(training), _shapes_and_poses(test)
    nearest = [KDTree(old).query(fresh)[0].min() for old, fresh in zip(known, new, strict=True)]
    return float(nearest[0]), float(nearest[1])


def _shapes_and_poses(source: EverySample) -> tuple[np.ndarray, np.ndarray]:
    examples = [source[number] for number in range(len(source))]
    people = concatenate_people([example.people for example in examples if isinstance(example, Example)])
    return people.betas, people.rotvecs[:, BODY].reshape(len(people.betas), -1)


def guess(mean: MeanPerson, body: SmplxLayer, truth: Bodies, *, roots: Tensor | None) -> Bodies:
    """The mean person, as often as there are people, the head where the true one is.

    Args:
        mean: of the training data.
        body: the body model.
        truth: the people.
        roots: their true root rotations; None keeps the mean's.
    """
    count = len(truth.rotmats)
    pose = mean.pose_sixd.repeat(count, 1, 1)
    if roots is not None:
        pose[:, 0] = rotmat_to_sixd(roots)
    parameters = PersonParameters(
        pose_sixd=pose,
        betas=mean.betas.repeat(count, 1),
        cam=torch.zeros(count, 3),
        expression=mean.expression.repeat(count, 1),
    )
    return build_bodies(body, parameters, truth.joints[:, HEAD])


@torch.no_grad()
def measure(folder: Path, data: RunData, recipe: TrainRecipe, mean: MeanPerson, body: BodyModel) -> Figures:
    """Look at every test picture with the newest checkpoint's network."""
    layer = SmplxLayer(body)
    model, _ = load_model(folder, layer)
    model.eval()
    make_targets, hands = TargetMaker(layer, recipe.model, recipe.targets), hand_vertices(body, CPU)
    source, errors = data.validation, {name: [] for name in ("network", "missed", "mean_root", "true_root")}
    extra = 0
    places = [range(start, min(start + BATCH, len(source))) for start in range(0, len(source), BATCH)]
    for packed in load_batches(source, places, workers=0, prefetch=1):
        batch = packed.to_batch(CPU)
        people = model.detect(
            batch.image, batch.K, threshold=recipe.validation.threshold, max_people=recipe.validation.max_people
        )
        paired = pair_up(people, batch, make_targets)
        extra += paired.extra
        kept = torch.cat([paired.there, paired.missed])
        truth = take(truth_bodies(layer, batch), kept)
        by_mean = person_errors(guess(mean, layer, truth, roots=None), truth, hands).pve
        by_root = person_errors(guess(mean, layer, truth, roots=truth.rotmats[:, 0]), truth, hands).pve
        errors["network"].append(person_errors(paired.ours, paired.truth, hands).pve)
        errors["missed"].append(by_mean[len(paired.there) :])
        errors["mean_root"].append(by_mean)
        errors["true_root"].append(by_root)
    found = {name: torch.cat(rows) for name, rows in errors.items()}
    return Figures(
        network=float(torch.cat([found["network"], found["missed"]]).mean()),
        found_only=float(found["network"].mean()),
        mean_root=float(found["mean_root"].mean()),
        true_root=float(found["true_root"].mean()),
        people=len(found["mean_root"]),
        missed=len(found["missed"]),
        extra=extra,
    )


def lines_of(figures: Figures, gap: tuple[float, float]) -> list[Line]:
    """The table."""
    baselines = {"mean root, pose and betas": figures.mean_root, "true root, mean pose and betas": figures.true_root}
    for name, value in baselines.items():
        print(f"PVE of {name}: {value:.1f} mm")
    print(
        f"PVE of the network: {figures.network:.1f} mm over {figures.people} people ({figures.found_only:.1f} mm over "
        f"those found); {figures.missed} missed, {figures.extra} found that aren't there"
    )
    return [
        *(
            Line(name=f"network / {name}", value=figures.network / value, limit=LIMITS[name])
            for name, value in baselines.items()
        ),
        Line(name="shape nearest to one trained on, betas", value=gap[0], limit=0.01, at_least=True),
        Line(name="pose nearest to one trained on", value=gap[1], limit=0.01, unit="rad", at_least=True),
    ]


def main() -> int:
    """Train, measure, print; 1 if a limit is missed, 2 if there is too little data."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("training")
    parser.add_argument("test")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    recipe, body = load_recipe(options.recipe), find_body_model()
    sources = parse_sources([options.training], [options.test])
    data = open_data(recipe, sources, body, StreamPlace(rank=0, world_size=1, first_step=0))
    training = data.training
    assert isinstance(training, ExampleSource)
    plain = EverySample(training.catalogues, replace(training.rules, augment=PLAIN), recipe.data)
    print(f"{len(plain)} training pictures, {len(data.validation)} test pictures")
    if len(plain) < MIN_TRAINING or len(data.validation) < MIN_TEST:
        print(f"too few: {MIN_TRAINING} and {MIN_TEST} are needed")
        return 2
    ranks = Ranks(rank=0, world_size=1, device=find_device(options.device, 0))
    train(RunRequest(recipe=recipe, sources=sources, out=options.out, resume=True), body, ranks)
    figures = measure(checkpoints_of(options.out)[-1], data, recipe, mean_of_data(training, recipe), body)
    lines = lines_of(figures, gaps(plain, data.validation))
    return say(lines)


if __name__ == "__main__":
    sys.exit(main())
