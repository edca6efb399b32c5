"""The command `cuffs-train`."""

import logging
import os
import signal
import sys
from pathlib import Path
from types import FrameType

import tyro

from cuffs.body import find_body_model
from trainer.command import INTERRUPTED, exit_code
from trainer.journal import draw_curve
from trainer.prepare import parse_sources
from trainer.ranks import joined
from trainer.recipe import load_recipe
from trainer.train import RunRequest, train


class Asked:
    """Whether a signal asked to stop: schedulers send SIGTERM before they take a machine away."""

    def __init__(self) -> None:
        self.yes = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.yes and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.yes = True

    def __call__(self) -> bool:
        """Asked yet?"""
        return self.yes


def run(
    recipe: tyro.conf.Positional[Path],
    data: list[str],
    out: Path,
    val: tuple[str, ...] = (),
    device: str = "auto",
    resume: bool = False,
) -> int:
    """Train Multi-HMR on shards. On several GPUs: torchrun --nproc-per-node N -m trainer.cli RECIPE --data …

    Stop it with Ctrl-C or SIGTERM: it finishes its step, writes a checkpoint, and ends with code 130; --resume goes on.

    Args:
        recipe: A file from trainer/recipes/, or one of your own.
        data: Datasets' folders (as `cuffs render` makes them) or single shards; NAME=FOLDER gives one a name. Or
            addresses to stream from, as webdataset reads them.
        val: Other datasets to validate on; without them the same ones' held-out split.
        out: The run's folder: checkpoints, numbers, pictures, TensorBoard's files.
        device: cpu, cuda, or auto: cuda where there is one.
        resume: Go on from the newest checkpoint; from the beginning where there is none yet.
    """
    asked = Asked()
    request = RunRequest(recipe=load_recipe(recipe), sources=parse_sources(data, val), out=out, resume=resume)
    with joined(device) as ranks:
        logging.getLogger().setLevel(logging.INFO if ranks.is_first else logging.WARNING)
        end = train(request, find_body_model(), ranks, stop_wanted=asked)
        if ranks.is_first:
            print(f"{'stopped at' if end.stopped else 'done:'} step {end.step}. Loss curve: {draw_curve(out)}")
    return INTERRUPTED if end.stopped else 0


def main() -> None:
    """Run the command."""
    code = exit_code("cuffs-train", lambda: tyro.cli(run, prog="cuffs-train"))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code) if code == INTERRUPTED else sys.exit(code)


if __name__ == "__main__":
    main()
