"""What the whole network costs over its bare backbone: `python -m benchmarks.model_forward`.

Both run on the same pictures, in turn; the best of several rounds is compared, forward alone. The bare DINOv2 is the
class that the network uses itself, so the ratio says what detection, rays, heads and bodies add.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence

import torch

from benchmarks.limits import Line, say
from cuffs.body import find_body_model
from trainer.body_model import SmplxLayer
from trainer.model.config import BackboneConfig, ModelConfig
from trainer.model.mean import neutral_person
from trainer.model.network import build_model
from trainer.model.picks import Picks

LIMIT = 1.35
PEOPLE = 4
"""In a picture; CUFFS' own have 1 to 3."""


def seconds_in_turn(runs: Sequence[Callable[[], object]], *, rounds: int, device: str) -> list[float]:
    """Least seconds of each over all rounds: what else the machine does only ever adds. On the CPU, seconds of it."""
    clock = time.perf_counter if device == "cuda" else time.process_time
    times: list[list[float]] = [[] for _ in runs]
    for number in range(rounds + 1):
        for kept, run in zip(times, runs, strict=True):
            begun = clock()
            run()
            if device == "cuda":
                torch.cuda.synchronize()
            if number:  # the first round warms up
                kept.append(clock() - begun)
    return [min(kept) for kept in times]


def measure(name: str, side: int, *, images: int, rounds: int, device: str) -> Line:
    """The ratio for one backbone and side; prints both times."""
    config = ModelConfig(image_side=side, backbone=BackboneConfig(name=name))
    body = SmplxLayer(find_body_model())
    model = build_model(config, body, neutral_person(), seed=0).eval().to(device)
    image = torch.randn(images, 3, side, side, device=device)
    number = torch.arange(images * PEOPLE, device=device)
    row, col = number % PEOPLE * 3, number // PEOPLE % config.num_patches
    picks = Picks(image_of=number // PEOPLE, row=row, col=col)
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        runs = [lambda: model.backbone(image), lambda: model(image, None, picks)]
        bare, whole = seconds_in_turn(runs, rounds=rounds, device=device)
    print(f"{name} {side} px, {images} images, {PEOPLE} people each: bare {bare:.4f} s, whole {whole:.4f} s")
    return Line(name=f"{name} {side}: whole / bare", value=whole / bare, limit=LIMIT)


def main() -> int:
    """Measure, print, and end with 1 if the limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backbone", default="dinov2_vits14")
    parser.add_argument("--side", type=int, nargs="+", default=[224, 448])
    parser.add_argument("--images", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    options = parser.parse_args()
    lines = [
        measure(options.backbone, side, images=options.images, rounds=options.rounds, device=options.device)
        for side in options.side
    ]
    return say(lines)


if __name__ == "__main__":
    sys.exit(main())
