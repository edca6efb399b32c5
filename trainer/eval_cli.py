"""The command `cuffs-eval`."""

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import tyro
from tqdm import tqdm

from cuffs.body import BodyModel, find_body_model
from cuffs.errors import ConfigError
from cuffs.places import assets_folder
from cuffs.publish import explained, write_bytes
from trainer.body_model import SmplxLayer
from trainer.checkpoint import find_model
from trainer.command import exit_code
from trainer.data.catalogue import Source
from trainer.data.config import Split
from trainer.evaluate.agora import open_agora
from trainer.evaluate.agora_zip import Submission
from trainer.evaluate.bedlam import open_bedlam
from trainer.evaluate.ehf import open_ehf
from trainer.evaluate.mupots import open_mupots
from trainer.evaluate.panoptic import open_panoptic
from trainer.evaluate.parts import Parts, find_parts
from trainer.evaluate.run import Outcome, run_benchmark
from trainer.evaluate.shards import run_shards
from trainer.evaluate.shots import Benchmark, Shot
from trainer.evaluate.table import as_json, as_markdown
from trainer.evaluate.three_dpw import open_three_dpw
from trainer.evaluate.ubody import open_ubody
from trainer.model.network import MultiHmr
from trainer.model_folder import load_model
from trainer.predict.cameras import GivenCamera
from trainer.predict.finder import Finder, FoundPeople
from trainer.ranks import find_device
from trainer.recipe import ValidationConfig

JSON, MARKDOWN = "eval.json", "eval.md"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tools:
    """What benchmarks are opened with."""

    body: BodyModel
    parts: Parts
    assets: Path | None


Opener = Callable[[str, Path, Tools], Benchmark]
OPENERS: Final[Mapping[str, Opener]] = {
    "ehf": lambda name, folder, tools: open_ehf(name, folder, tools.parts),
    "3dpw": lambda name, folder, tools: open_three_dpw(name, folder, tools.assets),
    "mupots": lambda name, folder, tools: open_mupots(name, folder, tools.assets),
    "panoptic": lambda name, folder, tools: open_panoptic(name, folder, tools.assets),
    "agora": lambda name, folder, tools: open_agora(name, folder, tools.body, tools.parts),
    "bedlam": lambda name, folder, tools: open_bedlam(name, folder, tools.body, tools.parts),
    "ubody": lambda name, folder, tools: open_ubody(name, folder, tools.body, tools.parts),
}
"""Names that mean a benchmark; every other name is a dataset of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Measure a network on datasets of ours and on the field's benchmarks.

    Writes OUT/eval.json and OUT/eval.md: tables beside the figures that papers state. Nothing but figures is written of
    the data. Which files each benchmark needs: docs/evaluation.md.
    """

    checkpoint: tyro.conf.Positional[Path]
    """A run's folder, one of its checkpoints, or a folder that cuffs-import-checkpoint made."""

    data: tuple[str, ...]
    """NAME=FOLDER, several: ehf, 3dpw, mupots, panoptic, agora, bedlam, ubody name benchmarks as users unpack them; any
    other NAME, or a FOLDER alone, is a dataset of ours."""

    out: Path
    """Where the tables go."""

    assets: Path | None = None
    """Folder with licensed files (regressors, SMPL, lists of vertices); CUFFS_ASSETS if not given."""

    split: Split = "val"
    """Of our own datasets."""

    threshold: float = 0.2
    """Score from which somebody is there."""

    batch_size: int = 8
    """Pictures at a time; the figures don't depend on it."""

    limit: int | None = None
    """The first so many pictures of each, to try it out."""

    agora_zip: Path | None = None
    """Where AGORA's submission goes."""

    device: str = "auto"
    """cpu, cuda, or auto: cuda where there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What --data names."""

    kind: str
    """A benchmark's name, or shards."""

    name: str
    folder: Path


def parse_data(texts: Iterable[str]) -> list[Named]:
    """Which benchmarks and datasets are meant.

    Raises:
        ConfigError: if a folder isn't there, or a name is given twice.
    """
    found: dict[str, Named] = {}
    for text in texts:
        name, separator, rest = text.partition("=")
        folder = Path(rest if separator else text)
        if not folder.exists():
            raise ConfigError(f"--data {text}: {folder} is not there.")
        name = name if separator else folder.resolve().stem
        if name in found:
            raise ConfigError(f"--data names {name} twice.")
        kind = name if separator and name in OPENERS else "shards"
        found[name] = Named(kind=kind, name=name, folder=folder)
    if not found:
        raise ConfigError("--data names nothing to measure on.")
    return list(found.values())


def evaluate(request: Request, named: list[Named], model: MultiHmr, body: BodyModel) -> list[Outcome]:
    """All figures. Every benchmark is opened before the first picture is looked at: what is missing is said at once.

    Raises:
        CuffsError: if something can't be used.
    """
    assets = request.assets or assets_folder()
    tools = Tools(body=body, parts=find_parts(body, assets), assets=assets)
    opened = {one.name: OPENERS[one.kind](one.name, one.folder, tools) for one in named if one.kind in OPENERS}
    if request.agora_zip is not None and all(one.kind != "agora" for one in named):
        raise ConfigError("--agora-zip needs --data agora=FOLDER.")
    config = ValidationConfig(
        threshold=request.threshold, batch_size=request.batch_size, max_samples=request.limit, max_people=50
    )
    nothing = GivenCamera(fov_deg=None, K=None)
    finder = Finder(model=model, camera=nothing, threshold=config.threshold, max_people=config.max_people)
    outcomes = []
    for one in named:
        if one.kind == "shards":
            source = Source(name=one.name, path=one.folder)
            outcomes.append(run_shards(source, model, body, split=request.split, config=config))
        else:
            outcomes.append(_run(opened[one.name], finder, request))
    return outcomes


def _run(benchmark: Benchmark, finder: Finder, request: Request) -> Outcome:
    def progress(shots: Iterable[Shot]) -> Iterable[Shot]:
        return iter(tqdm(shots, desc=benchmark.name, unit="picture", disable=not sys.stderr.isatty()))

    with ExitStack() as stack:
        keep: Callable[[Shot, FoundPeople], None] | None = None
        if benchmark.kind == "agora" and request.agora_zip is not None:
            submission = stack.enter_context(Submission(request.agora_zip))

            def put(shot: Shot, found: FoundPeople) -> None:
                submission.add(shot.path, found)

            keep = put

        return run_benchmark(
            benchmark, finder, batch_size=request.batch_size, limit=request.limit, keep=keep, progress=progress
        )


def run(request: Request) -> None:
    """Measure and write.

    Raises:
        CuffsError: if something can't be used.
    """
    if not 0 < request.threshold < 1:
        raise ConfigError(f"--threshold is {request.threshold}; a score lies between 0 and 1.")
    if request.batch_size < 1 or (request.limit is not None and request.limit < 1):
        raise ConfigError("--batch-size and --limit must be 1 or more.")
    named = parse_data(request.data)
    body = find_body_model()
    folder = find_model(request.checkpoint)
    model, about = load_model(folder, SmplxLayer(body))
    model = model.to(find_device(request.device, 0)).eval()
    outcomes = evaluate(request, named, model, body)
    with explained(request.out):
        request.out.mkdir(parents=True, exist_ok=True)
    origin = {"weights_sha256": about.sha256, "body_model": body.name, "threshold": request.threshold}
    written = as_json(outcomes, checkpoint=str(folder), origin=origin)
    text = as_markdown(outcomes, label=folder.name)
    write_bytes(request.out / JSON, (json.dumps(written, indent=1, allow_nan=False) + "\n").encode())
    write_bytes(request.out / MARKDOWN, text.encode())
    print(text)


def main() -> None:
    """Run the command."""
    sys.exit(exit_code("cuffs-eval", lambda: run(tyro.cli(Request, prog="cuffs-eval"))))


if __name__ == "__main__":
    main()
