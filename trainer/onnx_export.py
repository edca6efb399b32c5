"""The network as an ONNX file for one picture at a time, with as many people as there are in it."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
import torch
from jaxtyping import Float
from torch import Tensor, nn

from cuffs.errors import CheckFailed
from cuffs.publish import publish_file
from trainer.model.camera import neutral_intrinsics
from trainer.model.network import MultiHmr, select_people

Content = Literal["parameters", "bodies"]
OUTPUTS: dict[Content, tuple[str, ...]] = {
    "parameters": ("scores", "head_px", "head_cam", "rotvecs", "betas", "expression"),
    "bodies": ("scores", "head_px", "head_cam", "rotvecs", "betas", "expression", "transl", "verts", "joints"),
}
"""What the file gives, people near to far. `bodies` holds the body model's own arrays: its licence binds the file."""

LICENCES: dict[Content, str] = {
    "parameters": "the checkpoint's; see its model.json",
    "bodies": "the checkpoint's (see its model.json) and the body model's, whose arrays are in this file",
}
OPSET = 18
TOLERANCE = 1e-4


class OnePicture(nn.Module):
    """`MultiHmr.detect` of one picture with plain tensors in and out."""

    model: MultiHmr
    content: Content

    def __init__(self, model: MultiHmr, content: Content) -> None:
        super().__init__()
        self.model, self.content = model, content

    def forward(
        self, image: Float[Tensor, "1 3 side side"], K: Float[Tensor, "1 3 3"], threshold: Float[Tensor, ""]
    ) -> tuple[Tensor, ...]:
        """The arrays that `OUTPUTS` names, one row a person."""
        people = self.model.find(image, K, threshold=threshold)
        people = select_people(people, people.head_cam[:, 2].argsort())
        values = {
            "scores": people.scores,
            "head_px": people.head_px,
            "head_cam": people.head_cam,
            "rotvecs": people.rotvecs,
            "betas": people.bodies.betas,
            "expression": people.bodies.expression,
            "transl": people.bodies.transl,
            "verts": people.bodies.verts,
            "joints": people.bodies.joints,
        }
        return tuple(values[name] for name in OUTPUTS[self.content])


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """What was written, and how it was proven."""

    path: Path
    mebibytes: float
    people: tuple[int, ...]
    """People in the pictures that both were tried on."""

    worst: float
    """Largest difference to the network itself: of each output, relative to its largest value (or to 1, if larger)."""


def export_onnx(model: MultiHmr, path: Path, *, content: Content) -> ExportReport:
    """Write the file, then hold it against the network, on pictures with nobody, somebody and many in them.

    Inputs are `image` (1, 3, side, side; normalised as ImageNet), `K` (1, 3, 3; pixels of it) and `threshold` ().

    Raises:
        CheckFailed: if ONNX Runtime's numbers are not the network's to 1e-4.
        OutputError: if it can't be written.
    """
    side = model.config.image_side
    wrapped = OnePicture(model.eval(), content).eval()
    generator = torch.Generator().manual_seed(0)
    image = torch.randn(1, 3, side, side, generator=generator)
    K = neutral_intrinsics(1, side, "cpu").clone()
    example = (image, K, torch.tensor(0.0))  # with people in it, so that nothing is specialised on an empty picture
    with torch.no_grad(), warnings.catch_warnings():
        # torch 2.13 warns of its own pytree's classes while it decomposes the graph.
        warnings.filterwarnings("ignore", category=FutureWarning, module="copyreg")
        warnings.filterwarnings("ignore", message=".*LeafSpec.*", category=FutureWarning)
        program = torch.onnx.export(
            wrapped,
            example,
            dynamo=True,
            opset_version=OPSET,
            input_names=["image", "K", "threshold"],
            output_names=list(OUTPUTS[content]),
            verbose=False,
        )
    assert program is not None
    program.model.metadata_props["licence"] = LICENCES[content]
    with publish_file(path) as scratch:
        program.save(str(scratch))
        people, worst = _compare(wrapped, scratch, (image, K))
    return ExportReport(path=path, mebibytes=path.stat().st_size / 2**20, people=people, worst=worst)


def _compare(wrapped: OnePicture, path: Path, inputs: tuple[Tensor, Tensor]) -> tuple[tuple[int, ...], float]:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    image, K = inputs
    with torch.no_grad():
        scores = wrapped(image, K, torch.tensor(0.0))[0].sort(descending=True).values
        # Between two scores: at a score itself, rounding decides.
        between = [float(scores[count - 1 : count + 1].mean()) for count in (1, 3) if count < len(scores)]
        thresholds = [1.0, *between, 0.0]
        people, worst = [], 0.0
        for threshold in thresholds:
            ours = [value.numpy() for value in wrapped(image, K, torch.tensor(threshold))]
            feed = {"image": image.numpy(), "K": K.numpy(), "threshold": np.array(threshold, np.float32)}
            theirs = [np.asarray(value) for value in session.run(None, feed)]
            people.append(len(ours[0]))
            for name, mine, other in zip(OUTPUTS[wrapped.content], ours, theirs, strict=True):
                if mine.shape != other.shape:
                    raise CheckFailed(f"{name}: the ONNX file gives {other.shape}, the network {mine.shape}.")
                if mine.size:
                    worst = max(worst, float(np.abs(mine - other).max() / max(1.0, np.abs(mine).max())))
    if not worst <= TOLERANCE:
        raise CheckFailed(f"the ONNX file differs from the network by {worst:.2e}, more than {TOLERANCE}.")
    return tuple(people), worst
