"""Does our data help hands? `python -m benchmarks.hands_experiment --out DIR`, hours on 2 CPU cores.

Four training sets of as many pictures each: people far or close, hands near rest or diverse (and all else alike); a
network is trained on each, as many steps, with each of the seeds, and tested on held-out close-ups of other people with
diverse hands. Far people are cropped to the size that close ones have: what they lack is pixels. The table: PVE of
hands (at the wrist) and of the body, mean and spread over seeds, and from far and near rest to close and diverse the
change with its 95 % interval over seeds (Student's t, seeds paired).

It goes on where it was stopped: rendering, training and measuring. Detached: nohup … > DIR.log &. A training uses
little more than one core: after `--only-render`, one process a seed (`--seeds 0`) fills several; a last call with all
seeds makes the table.
"""

import argparse
import json
import logging
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch
import yaml
from scipy.stats import t as student

from benchmarks.limits import Line, say
from cuffs.body import BodyModel, find_body_model
from cuffs.config import load_yaml
from cuffs.errors import CuffsError
from trainer.ablation import merged
from trainer.body_model import SmplxLayer
from trainer.checkpoint import find_model, read_training_about
from trainer.data.catalogue import Source
from trainer.evaluate.shards import run_shards
from trainer.model_folder import load_model
from trainer.prepare import parse_sources
from trainer.ranks import Ranks, find_device
from trainer.recipe import TrainRecipe, ValidationConfig, recipe_of
from trainer.train import RunRequest, train

SETTINGS = Path("benchmarks/hands_experiment.yaml")
BASE = Path("trainer/recipes/heldout.yaml")
CELLS = tuple(product(("far", "close"), ("rest", "diverse")))
TEST = ("close", "diverse")
WORST, BEST = "far rest", "close diverse"
MEASURES = {"hands": "hands_pve_mm", "body": "pve_mm"}
TRAIN_SEED, TEST_SEED, TEST_IDENTITIES = 100, 7001, 60
LEAST_DROP, MOST_BODY = 0.10, 1.02
THRESHOLD = 0.01
"""Of the score: every picture has one person, and the best guess is taken."""

FIGURES = "figures.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How large the experiment is."""

    per_cell: int
    tests: int
    epochs: int
    seeds: tuple[int, ...]

    def steps(self, batch_size: int) -> int:
        """Of each training: as many in every cell."""
        return max(1, self.per_cell * self.epochs // batch_size)


Results = Mapping[str, Mapping[int, Mapping[str, float]]]
"""By cell and seed: PVE of hands and body, share of people found."""


def render_recipe(settings: Mapping[str, Any], cell: tuple[str, str], *, name: str, **changes: int) -> dict[str, Any]:
    """A set's recipe of plain values."""
    distance, hands = cell
    plain = merged(settings["render"], merged(settings["distances"][distance], settings["hands"][hands]))
    return {"name": name, **plain, **changes}


def render(settings: Mapping[str, Any], out: Path, plan: Plan) -> None:
    """Render what isn't there yet. Training sets share a seed, so they differ in nothing else; the test has its own."""
    sets = {" ".join(cell): (cell, plan.per_cell, TRAIN_SEED, {}) for cell in CELLS}
    sets["test"] = (TEST, plan.tests, TEST_SEED, {"num_identities": TEST_IDENTITIES})
    for name, (cell, count, seed, changes) in sets.items():
        folder, short = data_folder(out, name), name.replace(" ", "")
        if (folder / "rendered").exists():
            continue
        recipe = out / f"{short}.yaml"
        recipe.write_text(yaml.safe_dump(render_recipe(settings, cell, name=short, **changes), sort_keys=False))
        command = [sys.executable, "-m", "cuffs.cli", "make", str(recipe), "--count", str(count), "--seed", str(seed)]
        command += ["--out", str(folder)]
        logging.info("rendering %s: %d pictures", name, count)
        subprocess.run(command, check=True)
        (folder / "rendered").write_text(f"{count}\n")


def data_folder(out: Path, name: str) -> Path:
    """Where a set is."""
    return out / "data" / name.replace(" ", "-")


def train_recipe(settings: Mapping[str, Any], cell: tuple[str, str], plan: Plan, seed: int) -> TrainRecipe:
    """A training's recipe: in all cells the same but for the crop's size."""
    low, high = settings["crops"][cell[0]]
    base = load_yaml(BASE)
    framing = {"crop_probability": 1.0, "scale": [low, high], "shift": 0.02}
    wanted = merged(base, merged(settings["train"], {"augment": {"framing": framing}, "seed": seed}))
    steps = plan.steps(wanted["optimiser"]["batch_size"])
    sizes = {"optimiser": {"steps": steps}, "validation": {"every_steps": steps, "max_samples": 16}}
    if steps < 1000:
        sizes["optimiser"]["warmup_steps"] = max(1, steps // 10)
    return recipe_of(merged(wanted, sizes), folder=BASE.parent, where=str(SETTINGS))


def run(settings: Mapping[str, Any], out: Path, plan: Plan, body: BodyModel, device: torch.device) -> Results:
    """Train and measure what isn't there yet."""
    results: dict[str, dict[int, dict[str, float]]] = {" ".join(cell): {} for cell in CELLS}
    test = Source(name="test", path=data_folder(out, "test"))
    ranks = Ranks(rank=0, world_size=1, device=device)
    for seed in plan.seeds:  # seed by seed: an experiment that is cut short has whole seeds
        for cell in CELLS:
            name = " ".join(cell)
            folder = out / "runs" / f"{cell[0]}-{cell[1]}-{seed}"
            recipe = train_recipe(settings, cell, plan, seed)
            if not (folder / FIGURES).exists():
                sources = parse_sources([str(data_folder(out, name))], [str(test.path)])
                train(RunRequest(recipe=recipe, sources=sources, out=folder, resume=True), body, ranks)
                (folder / FIGURES).write_text(json.dumps(measure(folder, test, body, device)) + "\n")
            done = read_training_about(find_model(folder)).step
            if done != recipe.optimiser.steps:
                raise SystemExit(f"{folder} has {done} steps, not {recipe.optimiser.steps}: name another --out.")
            results[name][seed] = json.loads((folder / FIGURES).read_text())
            write(out, results, plan)
    return results


def measure(folder: Path, test: Source, body: BodyModel, device: torch.device) -> dict[str, float]:
    """Errors on the held-out close-ups."""
    model, _ = load_model(find_model(folder), SmplxLayer(body))
    config = ValidationConfig(threshold=THRESHOLD, max_people=1, max_samples=None, batch_size=16, num_pictures=0)
    values = run_shards(test, model.to(device).eval(), body, split="train", config=config).values
    found = {name: values[column] for name, column in MEASURES.items()} | {"recall": values["recall"]}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        raise SystemExit(f"{folder}: nobody was found, so there is no {', '.join(missing)}")
    return {name: value for name, value in found.items() if value is not None}


def change(results: Results, measure_name: str) -> tuple[float, float, float]:
    """From far and near rest to close and diverse, as a share of the former: mean, and the 95 % interval over seeds.

    Seeds are paired. With one seed the interval is everything.
    """
    seeds = sorted(results[WORST].keys() & results[BEST].keys())
    shares = [results[BEST][s][measure_name] / results[WORST][s][measure_name] - 1 for s in seeds]
    if len(shares) < 2:
        return mean(shares), float("-inf"), float("inf")
    half = float(student.ppf(0.975, len(shares) - 1)) * stdev(shares) / len(shares) ** 0.5
    return mean(shares), mean(shares) - half, mean(shares) + half


def table(results: Results, plan: Plan) -> str:
    """Markdown: cells by measure, mean ± standard deviation over seeds."""
    lines = [
        f"{plan.per_cell} pictures a cell, {plan.epochs} epochs, seeds {', '.join(map(str, plan.seeds))}; "
        f"{plan.tests} test pictures.",
        "",
        "| trained on | hands PVE, mm | body PVE, mm | found |",
        "|---|---|---|---|",
    ]
    for distance, hands in CELLS:
        rows = list(results[f"{distance} {hands}"].values())
        cells = [_spread([row[name] for row in rows]) for name in MEASURES]
        found = f"{100 * mean(row['recall'] for row in rows):.0f} %" if rows else "–"
        lines.append(
            f"| {distance}, hands {'near rest' if hands == 'rest' else hands} | {cells[0]} | {cells[1]} | {found} |"
        )
    if results[WORST] and results[BEST]:
        for name in MEASURES:
            middle, low, high = (100 * value for value in change(results, name))
            lines += ["", f"{name}: {middle:+.1f} % ({low:+.1f} to {high:+.1f}) from far, near rest to close, diverse"]
    return "\n".join(lines) + "\n"


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    return f"{mean(values):.1f} ± {stdev(values):.1f}" if len(values) > 1 else f"{values[0]:.1f}"


def write(out: Path, results: Results, plan: Plan) -> None:
    """The table so far."""
    (out / "hands.md").write_text(table(results, plan))
    (out / "hands.json").write_text(json.dumps(results, indent=1) + "\n")


def lines_of(results: Results) -> list[Line]:
    """What is claimed."""
    hands, _, hands_high = change(results, "hands")
    of = {cell: mean(row["hands"] for row in rows.values()) for cell, rows in results.items()}
    mixed = [of["far diverse"], of["close rest"]]
    body = mean(row["body"] for row in results[BEST].values()) / mean(row["body"] for row in results[WORST].values())
    return [
        Line(name="hands PVE falls by", value=-hands, limit=LEAST_DROP, at_least=True),
        Line(name="upper end of its interval", value=hands_high, limit=0.0),
        Line(name="body PVE, close diverse / far rest", value=body, limit=MOST_BODY),
        Line(name="better mixed cell / close diverse", value=min(mixed) / of[BEST], limit=1.0, at_least=True),
        Line(name="worse mixed cell / far rest", value=max(mixed) / of[WORST], limit=1.0),
    ]


def main() -> int:
    """Render, train, measure, print; 1 if a claim doesn't hold."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--per-cell", type=int, default=2000)
    parser.add_argument("--tests", type=int, default=300)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--only-render", action="store_true")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(options.threads)
    plan = Plan(
        per_cell=options.per_cell, tests=options.tests, epochs=options.epochs, seeds=tuple(options.seeds)
    )  # fmt: skip
    settings = load_yaml(SETTINGS)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        render(settings, options.out, plan)
        if options.only_render:
            return 0
        results = run(settings, options.out, plan, find_body_model(), find_device(options.device, 0))
    except CuffsError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    print(table(results, plan))
    lines = lines_of(results)
    return say(lines)


if __name__ == "__main__":
    sys.exit(main())
