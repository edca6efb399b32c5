"""The command `cuffs-ablate`."""

import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tyro

from cuffs.body import BodyModel, find_body_model
from cuffs.errors import ConfigError
from trainer.ablation import TABLE, load_ablation, recipes_of, run_ablation
from trainer.body_model import SmplxLayer
from trainer.checkpoint import checkpoints_of, find_model
from trainer.cli import Asked
from trainer.command import INTERRUPTED, exit_code
from trainer.eval_cli import Request as EvalRequest
from trainer.eval_cli import evaluate, parse_data
from trainer.model_folder import load_model
from trainer.prepare import parse_sources
from trainer.ranks import joined
from trainer.recipe import TrainRecipe
from trainer.train import RunRequest, train

COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "ehf": ("pve_mm", "pa_pve_mm", "hands_pve_mm"),
    "3dpw": ("mpjpe_mm", "pa_mpjpe_mm", "pve_mm"),
    "mupots": ("pck3d_matched", "pck3d_all"),
    "panoptic": ("mpjpe_mm",),
    "agora": ("f1", "fullbody-NMVE", "fullbody-NMJE"),
    "bedlam": ("pve_mm",),
    "ubody": ("pve_mm", "hands_pve_mm"),
    "shards": ("pve_mm", "pa_pve_mm", "hands_pve_mm", "mpjpe_mm", "f1"),
}
"""What the table shows of each benchmark; all figures are in each row's folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Train and measure every configuration that a recipe lists, and write one table.

    Run it again to go on: finished rows are kept, an interrupted one goes on at its newest checkpoint.
    """

    recipe: tyro.conf.Positional[Path]
    """trainer/ablations/paper.yaml, or one of your own."""

    data: tuple[str, ...]
    """NAME=FOLDER of the datasets to train on. Rows may leave some out by name (the paper's + CUFFS row: cuffs)."""

    out: Path
    """A folder for each row, and the table."""

    test: tuple[str, ...] = ()
    """What to measure on, as cuffs-eval's --data; without it, the held-out split of --data."""

    assets: Path | None = None
    """Licensed files, as for cuffs-eval."""

    threshold: float = 0.2
    """Score from which somebody is there; an untrained network needs a lower one."""

    miniature: bool = False
    """Small networks for a few steps: whether everything works, in seconds."""

    device: str = "auto"
    """cpu, cuda, or auto: cuda where there is one."""


def run(request: Request) -> int:
    """Do what was asked; 130 if it was asked to stop.

    Raises:
        CuffsError: if something can't be used.
    """
    ablation = load_ablation(request.recipe)
    recipes = recipes_of(ablation, request.recipe, miniature=request.miniature)
    folders = {name: text for text in request.data for name in [parse_data([text])[0].name]}
    if len(folders) < len(request.data):
        raise ConfigError("--data gives one name twice.")
    tests = request.test or tuple(request.data)
    parse_data(tests)
    body, asked = find_body_model(), Asked()
    with joined(request.device) as ranks:
        if ranks.world_size > 1:
            raise ConfigError("cuffs-ablate runs as one process; train large rows by cuffs-train into its folders.")

        def train_row(recipe: TrainRecipe, names: Sequence[str], folder: Path) -> bool:
            sources = parse_sources([folders[name] for name in names], [])
            wanted = RunRequest(recipe=recipe, sources=sources, out=folder, resume=True)
            if checkpoints_of(folder):
                logging.info("going on in %s", folder)
            return not train(wanted, body, ranks, stop_wanted=asked).stopped

        def measure_row(folder: Path) -> Mapping[str, Mapping[str, float | None]]:
            return measure(folder, tests, request, body, device=str(ranks.device))

        figures = run_ablation(
            ablation, recipes, request.out, data=tuple(folders), train=train_row, measure=measure_row
        )  # fmt: skip
    print((request.out / TABLE).read_text(encoding="utf-8") if figures else "no row is finished yet")
    return 0 if len(figures) == len(ablation.rows) else INTERRUPTED


def measure(
    folder: Path, tests: Sequence[str], request: Request, body: BodyModel, *, device: str
) -> dict[str, dict[str, float | None]]:  # fmt: skip
    """The table's figures of a finished row, by cuffs-eval."""
    wanted = EvalRequest(
        checkpoint=folder, data=tuple(tests), out=folder, assets=request.assets, device=device,
        threshold=request.threshold,
    )  # fmt: skip
    model, _ = load_model(find_model(folder), SmplxLayer(body))
    outcomes = evaluate(wanted, parse_data(tests), model.to(device).eval(), body)
    return {one.name: {key: one.values.get(key) for key in COLUMNS[one.kind]} for one in outcomes}


def main() -> None:
    """Run the command."""
    sys.exit(exit_code("cuffs-ablate", lambda: run(tyro.cli(Request, prog="cuffs-ablate"))))


if __name__ == "__main__":
    main()
