"""The command `cuffs-export-onnx`."""

import logging
import sys
from pathlib import Path

import tyro

from cuffs.body import find_body_model
from cuffs.errors import ConfigError
from trainer.body_model import SmplxLayer
from trainer.checkpoint import find_model
from trainer.command import exit_code
from trainer.model_folder import load_model
from trainer.onnx_export import LICENCES, OUTPUTS, Content, export_onnx


def run(checkpoint: tyro.conf.Positional[Path], out: Path, content: Content = "parameters") -> None:
    """Write a network as ONNX: one picture in, as many people as there are in it out. Then prove it against torch.

    Args:
        checkpoint: A run's folder, one of its checkpoints, or a folder that cuffs-import-checkpoint made.
        out: The file, NAME.onnx.
        content: parameters: what SMPL-X reads, and where each head is. bodies: vertices and joints too; the file then
            holds the body model's arrays, so its licence says to whom you may give it.
    """
    if out.suffix != ".onnx":
        raise ConfigError(f"--out {out}: name a file that ends in .onnx.")
    model, about = load_model(find_model(checkpoint), SmplxLayer(find_body_model()))
    report = export_onnx(model, out, content=content)
    print(f"written: {out} ({report.mebibytes:.0f} MiB); gives {', '.join(OUTPUTS[content])}")
    print(f"held against the network with {', '.join(map(str, report.people))} people: within {report.worst:.1e}")
    print(f"licence: {about.licence}; {LICENCES[content]}")


def main() -> None:
    """Run the command."""
    sys.exit(exit_code("cuffs-export-onnx", lambda: tyro.cli(run, prog="cuffs-export-onnx"), level=logging.WARNING))


if __name__ == "__main__":
    main()
