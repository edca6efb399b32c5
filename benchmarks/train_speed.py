"""Speed of training: `python -m benchmarks.train_speed RECIPE DATA`. Samples a second, share of time waiting, memory.

Runs the trainer itself for some steps, in a folder that is thrown away, and reads what it wrote down. The first steps,
in which processes start and kernels are chosen, are left out.
"""

import argparse
import resource
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import mean

import torch

from benchmarks.loader_speed import flops_of_vit
from cuffs.body import find_body_model
from trainer.backbone.vit import SHAPES
from trainer.journal import read_numbers
from trainer.prepare import parse_sources
from trainer.ranks import Ranks, find_device
from trainer.recipe import RecordsConfig, TrainRecipe, load_recipe
from trainer.train import RunRequest, train

SEGMENT = 10
"""Steps between two readings."""


def short(recipe: TrainRecipe, steps: int) -> TrainRecipe:
    """The recipe for so many steps, with random weights, without validation, writing numbers often."""
    backbone = replace(recipe.model.backbone, weights="none")
    return replace(
        recipe,
        model=replace(recipe.model, backbone=backbone),
        optimiser=replace(recipe.optimiser, steps=steps),
        validation=replace(recipe.validation, every_steps=10 * steps, max_samples=1),
        records=RecordsConfig(log_every_steps=SEGMENT, checkpoint_every_steps=10 * steps, keep_checkpoints=1),
    )


def measure(recipe: TrainRecipe, data: str, device: torch.device, steps: int) -> dict[str, float]:
    """Means over all segments but the first."""
    ranks = Ranks(rank=0, world_size=1, device=device)
    with tempfile.TemporaryDirectory() as out:
        request = RunRequest(
            recipe=short(recipe, steps), sources=parse_sources([data], []), out=Path(out), resume=False
        )  # fmt: skip
        train(request, find_body_model(), ranks)
        told = [line for line in read_numbers(Path(out)) if line["step"] > SEGMENT and "speed/samples_per_s" in line]
    names = [name for name in told[0] if name.startswith(("speed/", "memory/"))]
    return {name: (max if name.startswith("memory/") else mean)([line[name] for line in told]) for name in names}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("data")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--workers", type=int)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    recipe = load_recipe(options.recipe)
    if options.workers is not None:
        recipe = replace(recipe, data=replace(recipe.data, workers=options.workers))
    device = find_device(options.device, 0)
    found = measure(recipe, options.data, device, options.steps)
    speed, waiting = found["speed/samples_per_s"], found["speed/waiting_share"]
    print(f"{recipe.name}, batch {recipe.optimiser.batch_size}, {recipe.data.workers} loading processes, on {device}:")
    print(f"  {speed:.1f} samples/s, {waiting:.1%} of the time waiting for data")
    print(f"  at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB of memory")
    if "memory/gpu_peak_mib" in found:
        print(f"  at most {found['memory/gpu_peak_mib']:.0f} MiB of the GPU's")
    shape = SHAPES.get(recipe.model.backbone.name)
    if shape is not None:
        flops = flops_of_vit(side=recipe.model.image_side, width=shape.width, blocks=shape.num_blocks)
        print(f"  the backbone alone: {flops * speed / 1e12:.3f} TFLOP/s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
