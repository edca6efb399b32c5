"""What the loader costs over a bare loop that decodes and augments the same: `python -m benchmarks.loader_speed DATA`.

Both go through the same samples in turn and are counted in seconds of one core. The bare loop knows where each
sample's bytes are, decodes the picture, draws and applies the same augmentations, and takes the parameters out of the
JSON as they are: no hashes, no checks, no batches. The loader is the trainer's: once in this process, once with a
loading process, whose seconds count together with those that fetching from it costs here.

Last it says what ViT-L at 896 px would consume on an H200 by its arithmetic, and how many such cores feed it twice.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import psutil

from benchmarks.limits import Line, say
from cuffs.body import find_body_model
from cuffs.seeding import stream
from cuffs.skeleton import INDEX
from trainer.data.appearance import draw_appearance
from trainer.data.batches import load_batches
from trainer.data.catalogue import ANNOTATION, PICTURE, open_catalogue, parse_source
from trainer.data.config import AugmentConfig, DataConfig
from trainer.data.examples import ExampleRules, ExampleSource
from trainer.data.geometry import decode_picture, draw_framing, frame_picture
from trainer.data.people import PeopleLabels, labels_of, mirror_people, mirror_rule

LIMIT = 0.8
BATCH = 8
CORES = 16
"""For each GPU in the machines that ViT-L is trained on, as a rule."""

H200_FLOPS = 989e12
"""Dense bf16, from its data sheet."""

REACHED = 0.5
"""Share of that which training of large transformers reaches where it is done well; here it is an upper bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """Samples a second of one core."""

    bare: float
    inside: float
    """The loader, in the training process."""

    processes: float
    """The loader with one loading process."""


def flops_of_vit(*, side: int, width: int, blocks: int) -> float:
    """Multiplications and additions of a training step for one picture: three forward passes' worth.

    A block has 12 width^2 weights, each used once a token, and attention of every token to every other.
    """
    tokens = (side // 14) ** 2 + 1
    forward = blocks * (2 * 12 * width**2 * tokens + 4 * tokens**2 * width)
    return 3.0 * forward


def bare_examples(source: ExampleSource, count: int) -> Iterator[tuple[np.ndarray, PeopleLabels]]:
    """The loop that the loader is held against."""
    files = [[path.open("rb") for path in catalogue.tars] for catalogue in source.catalogues]
    for position in range(count):
        dataset, number = source.place(position)
        catalogue = source.catalogues[dataset]
        file = files[dataset][catalogue.tar_of[number]]
        found = []
        for member in (ANNOTATION, PICTURE):
            file.seek(catalogue.offsets[number, member])
            found.append(file.read(int(catalogue.sizes[number, member])))
        annotation, picture = found
        rng = stream(source.seed, "augment", *divmod(position, source.epoch_size), 0)
        yield bare_example(annotation, picture, source.rules, rng)


def bare_example(
    annotation: bytes, picture: bytes, rules: ExampleRules, rng: np.random.Generator
) -> tuple[np.ndarray, PeopleLabels]:
    """What `make_example` does, without looking whether anything is wrong."""
    plain = json.loads(annotation)
    people, size, K = bare_labels(plain["people"]), (plain["image"]["width"], plain["image"]["height"]), plain["camera"]
    framing_rng, appearance_rng = rng.spawn(2)
    framing = draw_framing(
        rules.augment.framing, people, np.array(K["K"]), size=size, side=rules.side, rng=framing_rng
    )  # fmt: skip
    square = frame_picture(decode_picture(picture, size, framing.scale, where=""), size, framing)
    pixels = np.asarray(draw_appearance(rules.augment.appearance, square, appearance_rng))
    return pixels, mirror_people(people, rules.mirror) if framing.flipped else people


def bare_labels(people: list[dict]) -> PeopleLabels:
    """`labels_of`, from plain JSON."""
    if not people:
        return labels_of(())
    bodies = [person["smplx"] for person in people]
    poses = [
        np.concatenate(
            [
                np.reshape(body[name], (-1, 3))
                for name in (
                    "global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose",
                    "right_hand_pose",
                )
            ]
        )
        for body in bodies
    ]  # fmt: skip
    return PeopleLabels(
        rotvecs=np.array(poses),
        betas=np.array([body["betas"] for body in bodies]),
        expression=np.array([body["expression"] for body in bodies]),
        transl=np.array([body["transl"] for body in bodies]),
        head_cam=np.array([person["joints3d_cam"][INDEX["head"]] for person in people]),
        hand_valid=np.array([[person["hand_valid"]["left"], person["hand_valid"]["right"]] for person in people]),
        face_valid=np.array([person["face_valid"] for person in people]),
        expression_valid=np.array([person["expression_valid"] for person in people]),
        depth_valid=np.array([person["depth_valid"] for person in people]),
        betas_valid=np.array([person["betas_valid"] for person in people]),
    )


def run_bare(source: ExampleSource, count: int) -> float:
    """Seconds of the bare loop."""
    begun = time.process_time()
    for pixels, people in bare_examples(source, count):
        assert pixels.shape[0] == source.rules.side
        assert people.rotvecs.shape[1] == 55
    return time.process_time() - begun


def run_loader(source: ExampleSource, count: int, *, workers: int) -> float:
    """Seconds of the loader, loading processes included.

    Processes take seconds to start and batches are made ahead, so what is counted begins and ends at a batch amid many.
    """
    places = [range(start, start + BATCH) for start in range(0, count + 8 * BATCH, BATCH)]
    batches = load_batches(source, places, workers=workers, prefetch=1)
    lead = 4 if workers else 0
    for _ in range(lead):
        next(batches)
    begun, loaded = _seconds(), 0
    while loaded < count:
        loaded += len(next(batches).keys)
    return (_seconds() - begun) * count / loaded


def _seconds() -> float:
    """Of processor, by this process and those that it has started."""
    children = psutil.Process().children(recursive=True)
    times = [child.cpu_times() for child in children if child.is_running()]
    return time.process_time() + sum(spent.user + spent.system for spent in times)


def measure(source: ExampleSource, count: int, rounds: int) -> Speeds:
    """Best of several rounds: what else the machine does only ever takes time."""
    runs: dict[str, Callable[[], float]] = {
        "bare": lambda: run_bare(source, count),
        "inside": lambda: run_loader(source, count, workers=0),
        "processes": lambda: run_loader(source, count, workers=1),
    }
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(rounds):
        for name, run in runs.items():
            best[name] = min(best[name], run())
    return Speeds(**{name: count / seconds for name, seconds in best.items()})


def main() -> int:
    """Measure, print, and end with 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data")
    parser.add_argument("--side", type=int, nargs="+", default=[448])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    body = find_body_model()
    catalogue = open_catalogue(parse_source(options.data), split="train", body_sha256=body.sha256)
    lines = []
    for side in options.side:
        rules = ExampleRules(side=side, augment=AugmentConfig(), mirror=mirror_rule(body), body_sha256=body.sha256)
        source = ExampleSource([catalogue], rules, DataConfig(), counts=(len(catalogue),), seed=0)
        speeds = measure(source, options.count, options.rounds)
        print(
            f"{side} px, samples a second of a core: bare {speeds.bare:.1f}, loader {speeds.inside:.1f}, "
            f"with a loading process {speeds.processes:.1f}"
        )
        for name, value in (("loader", speeds.inside), ("loader with a process", speeds.processes)):
            lines.append(Line(name=f"{side} px: {name} / bare", value=value / speeds.bare, limit=LIMIT, at_least=True))
        if side == 896:
            lines.append(feeding_line(speeds))
    return say(lines)


def feeding_line(speeds: Speeds) -> Line:
    """Whether the cores beside a GPU load twice what ViT-L at 896 px can consume there at most."""
    flops = flops_of_vit(side=896, width=1024, blocks=24)
    consumed = REACHED * H200_FLOPS / flops
    print(
        f"ViT-L 896: {flops / 1e12:.1f} TFLOP a picture and step; an H200 at {REACHED:.0%} of {H200_FLOPS / 1e12:.0f} "
        f"TFLOP/s consumes {consumed:.0f} a second (arithmetic, not measured); {CORES} cores load "
        f"{CORES * speeds.processes:.0f}, {2 * consumed / speeds.processes:.1f} cores twice what is consumed"
    )
    name = f"896 px: {CORES} cores load / an H200 consumes"
    return Line(name=name, value=CORES * speeds.processes / consumed, limit=2.0, at_least=True)


if __name__ == "__main__":
    sys.exit(main())
