"""What a prediction costs: `python -m benchmarks.predict`. Images/s, milliseconds by part, memory; random weights.

The network as `cuffs-predict` asks it, on pictures that are decoded and framed already, bare of drawing. Parts:
backbone, head (detection, rays, the head's layers, placing), SMPL-X. Beside it the bare backbone of the same pictures,
in turn, the best of several rounds; whole / bare is at most 1.35 for 896-L and for batches, and stated for the rest.
Weights are random, so a threshold is taken that finds 4 people a picture, as group pictures have them.
Images/s are by the clock on the wall; on a CPU, which others may use, milliseconds are of its cores together.
"""

import argparse
import json
import platform
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from benchmarks.limits import Line, say
from benchmarks.model_forward import seconds_in_turn
from cuffs.body import BodyModel, find_body_model
from trainer.body_model import SmplxLayer
from trainer.model.config import BackboneConfig, BackboneName, ModelConfig
from trainer.model.mean import neutral_person
from trainer.model.network import MultiHmr, build_model
from trainer.model.people import posed_rotmats

SIZES: dict[str, tuple[BackboneName, int]] = {
    "448-S": ("dinov2_vits14", 448),
    "672-B": ("dinov2_vitb14", 672),
    "896-L": ("dinov2_vitl14", 896),
}
LIMIT = 1.35
PEOPLE = 4
FASTEST = {1: 100.0, 32: 500.0}
"""Images/s of 448-S on an H200, by batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Of one network and batch."""

    size: str
    batch: int
    people: float
    """Found in a picture, of at most PEOPLE."""

    device: str
    images_per_s: float
    whole_ms: float
    backbone_ms: float
    head_ms: float
    body_ms: float
    ratio: float
    """Whole over bare backbone."""

    memory_mib: float
    """The process' largest so far on a CPU; the GPU's largest in these runs."""


def make(size: str, body: BodyModel, device: str) -> MultiHmr:
    """A network with random weights."""
    name, side = SIZES[size]
    config = ModelConfig(image_side=side, backbone=BackboneConfig(name=name))
    return build_model(config, SmplxLayer(body), neutral_person(), seed=0).eval().to(device)


class _Known(torch.nn.Module):
    """In a backbone's stead: its tokens, known already."""

    def __init__(self, tokens: torch.Tensor) -> None:
        super().__init__()
        self.tokens = tokens

    def forward(self, _: torch.Tensor) -> torch.Tensor:
        return self.tokens


def measure(size: str, model: MultiHmr, *, batch: int, rounds: int, device: str) -> Cost:
    """Times in turn; the least of all rounds."""
    side = model.config.image_side
    image = torch.randn(batch, 3, side, side, generator=torch.Generator().manual_seed(0)).to(device)
    backbone, walls = model.backbone, []

    def detect() -> object:
        begun = time.perf_counter()
        found = model.detect(image, None, threshold=0.0, max_people=PEOPLE)
        if device == "cuda":
            torch.cuda.synchronize()
        walls.append(time.perf_counter() - begun)
        return found

    def after_backbone() -> object:
        model.backbone = known  # pyright: ignore[reportAttributeAccessIssue]
        found = model.detect(image, None, threshold=0.0, max_people=PEOPLE)
        model.backbone = backbone
        return found

    def bodies() -> object:
        verts, _ = model.body(rotmats, zeros, zeros, zeros[:, :3])
        return model.body.landmarks(verts)

    runs: list[Callable[[], object]] = [lambda: backbone(image), detect, after_backbone, bodies]
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=device == "cuda"):
        known = _Known(backbone(image))
        count = len(model.detect(image, None, threshold=0.0, max_people=PEOPLE).scores)
        rotmats = posed_rotmats(torch.eye(3, device=device)[:2].flatten().expand(count, 53, 6))
        zeros = torch.zeros(count, 10, device=device)
        bare, whole, rest, posed = seconds_in_turn(runs, rounds=rounds, device=device)
    peak = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    memory = peak / 2**20 if peak else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(
        size=size,
        batch=batch,
        people=count / batch,
        device=torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine(),
        images_per_s=batch / min(walls),
        whole_ms=1000 * whole,
        backbone_ms=1000 * bare,
        head_ms=1000 * (rest - posed),
        body_ms=1000 * posed,
        ratio=whole / bare,
        memory_mib=memory,
    )


def lines_of(costs: list[Cost]) -> list[Line]:
    """What is promised: of 896-L, of batches, and on an H200 of 448-S."""
    lines = [
        Line(name=f"{one.size}, batch {one.batch}: whole / bare", value=one.ratio, limit=LIMIT)
        for one in costs
        if one.size == "896-L" or one.batch > 1
    ]
    return lines + [
        Line(
            name=f"448-S, batch {one.batch}", value=one.images_per_s, limit=FASTEST[one.batch], unit="/s", at_least=True
        )
        for one in costs
        if "H200" in one.device and one.size == "448-S" and one.batch in FASTEST
    ]


def main() -> int:
    """Measure, print; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", choices=["cpu", "cuda"])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    body, costs = find_body_model(), []
    print("| | batch | people | images/s | whole ms | backbone ms | head ms | SMPL-X ms | whole / bare | MiB |")
    print("|---" * 10 + "|")
    for size in options.sizes:
        model = make(size, body, options.device)
        for batch in options.batches:
            one = measure(size, model, batch=batch, rounds=options.rounds, device=options.device)
            costs.append(one)
            cells = [size, str(batch), f"{one.people:g}", f"{one.images_per_s:.3g}"]
            cells += [f"{value:.1f}" for value in (one.whole_ms, one.backbone_ms, one.head_ms, one.body_ms)]
            cells += [f"{one.ratio:.2f}", f"{one.memory_mib:.0f}"]
            print(f"| {' | '.join(cells)} |", flush=True)
    if options.json is not None:
        options.json.write_text(json.dumps([asdict(one) for one in costs], indent=1) + "\n")
    lines = lines_of(costs)
    return say(lines)


if __name__ == "__main__":
    sys.exit(main())
