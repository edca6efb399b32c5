"""The command `cuffs-import-checkpoint`."""

import logging
import sys
from pathlib import Path

import tyro

from trainer.checkpoint_import import LICENCE, import_checkpoint
from trainer.command import exit_code


def run(checkpoint: tyro.conf.Positional[Path], out: Path) -> None:
    """Turn a released multiHMR_*.pt into a model folder that our commands read. Nothing in the file is run.

    Args:
        checkpoint: The released file.
        out: A new folder for model.safetensors and model.json.
    """
    report = import_checkpoint(checkpoint, out)
    model = report.model
    print(f"{checkpoint}: {model.backbone.name}, {model.image_side} px, {report.num_tensors} tensors")
    print(f"left out: {report.num_body_arrays} arrays of the body model")
    for name in report.extras:
        print(f"left out, the network has no use for it: {name}")
    print(f"kept as switches: rays.swap_patch_axes = true, depth = {model.depth}")
    print(f"licence: {LICENCE}")
    print(f"written: {out}")


def main() -> None:
    """Run the command."""
    sys.exit(
        exit_code(
            "cuffs-import-checkpoint", lambda: tyro.cli(run, prog="cuffs-import-checkpoint"), level=logging.WARNING
        )
    )


if __name__ == "__main__":
    main()
