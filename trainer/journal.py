"""What a run writes down for people: numbers as JSON lines and for TensorBoard, pictures, the loss curve."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from cuffs.errors import RecordError
from cuffs.publish import explained, publish_file, write_bytes

Picture = UInt8[np.ndarray, "height width 3"]
NUMBERS, CORRUPT = "metrics.jsonl", "corrupt.jsonl"


class Journal:
    """Files of a run. One process has it; numbers of a step are written at once and stay readable while it runs."""

    def __init__(self, run: Path, *, first_step: int) -> None:
        """Open, forgetting what an interrupted run wrote after `first_step`."""
        from tensorboardX import SummaryWriter

        self.run = run
        with explained(run):
            (run / "pictures").mkdir(parents=True, exist_ok=True)
            kept = [line for line in read_numbers(run) if int(line["step"]) <= first_step]
            write_bytes(run / NUMBERS, "".join(json.dumps(line) + "\n" for line in kept).encode())
            self.numbers = (run / NUMBERS).open("a", encoding="utf-8")
        self.board = SummaryWriter(str(run / "tensorboard"), purge_step=first_step + 1)

    def write(self, step: int, values: Mapping[str, float | None]) -> None:
        """Numbers of a step; those that are None are left out of TensorBoard."""
        with explained(self.run):
            self.numbers.write(json.dumps({"step": step, **values}) + "\n")
            self.numbers.flush()
        for name, value in values.items():
            if value is not None:
                self.board.add_scalar(name, value, step)

    def picture(self, step: int, pictures: Sequence[Picture]) -> None:
        """Overlays of a step, below each other, as a file and for TensorBoard."""
        if not pictures:
            return
        sheet = np.concatenate(list(pictures), 0)
        with publish_file(self.run / "pictures" / f"step-{step:09d}.jpg") as scratch:
            Image.fromarray(sheet).save(scratch, format="JPEG", quality=92)
        self.board.add_image("validation/pictures", np.moveaxis(sheet, -1, 0), step)

    def close(self) -> None:
        """Write out what is pending, and the loss curve."""
        self.numbers.close()
        self.board.close()
        if any("train/loss" in line for line in read_numbers(self.run)):
            draw_curve(self.run)


def read_numbers(run: Path) -> list[dict[str, float]]:
    """All numbers of a run, in the order of writing; an unfinished last line is left out.

    Raises:
        RecordError: if a line is no JSON object with a step.
    """
    path = run / NUMBERS
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8")
    lines = text.split("\n")[:-1]
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(json.loads(line))
        except json.JSONDecodeError as problem:
            raise RecordError(f"{path}, line {number} is not JSON ({problem}).") from None
        if not isinstance(found[-1], dict) or "step" not in found[-1]:
            raise RecordError(f"{path}, line {number} names no step.")
    return found


def known_corrupt(run: Path) -> set[str]:
    """What was found wrong with samples before a run was interrupted."""
    path = run / CORRUPT
    found: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else []:
        try:
            found.add(json.loads(line)["cause"])
        except json.JSONDecodeError:
            continue  # cut short when the run was killed: its sample will be named anew when it comes again
    return found


def note_corrupt(run: Path, causes: Sequence[str], known: set[str]) -> int:
    """Write down samples that could not be read, each once; how many there are now.

    Args:
        run: the run's folder; each process adds lines to the same file.
        causes: what was found.
        known: those written before by this process; added to.
    """
    fresh = [cause for cause in dict.fromkeys(causes) if cause not in known]
    if fresh:
        known.update(fresh)
        with explained(run), (run / CORRUPT).open("a", encoding="utf-8") as file:
            file.write("".join(json.dumps({"cause": cause}) + "\n" for cause in fresh))
    return len(known)


def draw_curve(run: Path) -> Path:
    """The loss and validation's measures over steps, as a PNG; its path."""
    from matplotlib.figure import Figure

    lines = read_numbers(run)
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    train = [line for line in lines if "train/loss" in line]
    left.plot([line["step"] for line in train], [line["train/loss"] for line in train], color="#0072b2")
    left.set(xlabel="step", ylabel="loss", yscale="log", title=f"{run.name}: training loss")
    colours = {"pve_mm": "#0072b2", "hands_pve_mm": "#d55e00", "mpjpe_mm": "#009e73"}
    for name, colour in colours.items():
        told = [line for line in lines if line.get(f"validation/{name}") is not None]
        if told:
            values = [line[f"validation/{name}"] for line in told]
            right.plot([line["step"] for line in told], values, marker=".", label=name, color=colour)
            right.legend()
    right.set(xlabel="step", ylabel="mm", yscale="log", title="validation")
    path = run / "curve.png"
    with publish_file(path) as scratch:
        figure.savefig(scratch, format="png", dpi=120)
    return path
