"""The command `cuffs-predict`."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal

import tyro
from PIL import Image
from tqdm import tqdm

from cuffs.body import BodyModel, find_body_model
from cuffs.errors import ConfigError, CuffsError
from cuffs.publish import explained, publish_file
from trainer.body_model import SmplxLayer
from trainer.checkpoint import find_model
from trainer.command import exit_code
from trainer.model_folder import load_model
from trainer.predict.cameras import parse_camera
from trainer.predict.finder import Finder, FoundPeople, without_pixels
from trainer.predict.pictures import FilmWriter, Frame, Source, film_about, find_sources, read_film, read_picture
from trainer.predict.results import json_line, write_arrays, write_json, write_mesh
from trainer.predict.views import draw_views
from trainer.ranks import find_device

Mesh = Literal["none", "glb", "obj"]
BATCH = 8
"""Frames of a film that are looked at together."""

JPEG_QUALITY = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Find the people in a picture, a film, or a folder of them, with all their SMPL-X parameters.

    For each picture NAME: NAME.json and NAME.npz (named parameters, camera frame, metres, radians), NAME.jpg (bodies
    over the picture, from the side, from above), and NAME.glb or NAME.obj where asked for. For a film: NAME.jsonl
    (a line a frame), NAME.npz and NAME.mp4. Pictures of any size: none is distorted.
    """

    picture: tyro.conf.Positional[Path]
    """A picture, a film, or a folder."""

    checkpoint: Path
    """A run's folder, one of its checkpoints, or a folder that cuffs-import-checkpoint made."""

    out: Path
    """Where the results go."""

    fov: float | None = None
    """Horizontal field of view, degrees. Without it and K: 60 along the longer side. Distances depend on it."""

    K: str | None = None
    """Intrinsics in pixels: fx,fy,cx,cy."""

    threshold: float = 0.3
    """Score from which somebody is there; lower finds more, wrong ones too. (cuffs-eval takes 0.2, as the paper.)"""

    mesh: Mesh = "none"
    """Whether to write meshes of pictures (not of films)."""

    device: str = "auto"
    """cpu, cuda, or auto: cuda where there is one."""


def run(request: Request) -> None:
    """Do what was asked, file by file.

    Raises:
        CuffsError: if nothing can be done; or, after the others are done, naming the files that could not be used.
    """
    picture, threshold, out, mesh = request.picture, request.threshold, request.out, request.mesh
    if not 0 < threshold < 1:
        raise ConfigError(f"--threshold is {threshold}; a score lies between 0 and 1.")
    sources = find_sources(picture)
    camera = parse_camera(request.fov, request.K)
    body = find_body_model()
    model, _ = load_model(find_model(request.checkpoint), SmplxLayer(body))
    finder = Finder(model=model.to(find_device(request.device, 0)), camera=camera, threshold=threshold, max_people=None)
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
    skipped = []
    for source in tqdm(sources, unit="file", disable=len(sources) == 1 or not sys.stderr.isatty()):
        try:
            count = _film(source, finder, body, out) if source.is_film else _picture(source, finder, body, out, mesh)
        except CuffsError as problem:
            if len(sources) == 1:
                raise
            skipped.append(str(problem))
            continue
        hint = "" if count else f"; nobody scores {threshold:g}, a lower --threshold finds more"
        print(f"{source.path.name}: {count} {'person' if count == 1 else 'people'}{hint}")
    if skipped:
        listed = "\n  ".join(skipped)
        raise ConfigError(f"{len(skipped)} of {len(sources)} files could not be used; the others are done:\n  {listed}")


def _picture(source: Source, finder: Finder, body: BodyModel, out: Path, mesh: Mesh) -> int:
    (found,) = finder.find([read_picture(source.path)])
    write_arrays(out / f"{source.name}.npz", [found])
    if mesh != "none":
        write_mesh(out / f"{source.name}.{mesh}", found, body.faces)
    with publish_file(out / f"{source.name}.jpg") as scratch:
        Image.fromarray(draw_views(found, body.faces, with_sides=True)).save(scratch, "JPEG", quality=JPEG_QUALITY)
    write_json(out / f"{source.name}.json", found, body_sha256=body.sha256)
    return len(found.people)


def _film(source: Source, finder: Finder, body: BodyModel, out: Path) -> int:
    """Frame by frame; only numbers are kept, so a long film needs little memory. Says the most people of a frame."""
    about = film_about(source.path)
    rows: list[FoundPeople] = []
    with ExitStack() as stack:
        lines = stack.enter_context(publish_file(out / f"{source.name}.jsonl"))
        film = stack.enter_context(publish_file(out / f"{source.name}.mp4"))
        file = stack.enter_context(lines.open("wb"))
        writer = stack.enter_context(FilmWriter(film, frames_per_second=about.frames_per_second))
        frames = tqdm(read_film(source.path), total=about.num_frames, unit="frame", disable=not sys.stderr.isatty())
        for batch in _batches(frames):
            for found in finder.find(batch):
                file.write(json_line(found, body_sha256=body.sha256))
                writer.write(draw_views(found, body.faces, with_sides=False))
                rows.append(without_pixels(found))
    write_arrays(out / f"{source.name}.npz", rows)
    return max((len(found.people) for found in rows), default=0)


def _batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    iterator = iter(frames)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def main() -> None:
    """Run the command."""
    sys.exit(exit_code("cuffs-predict", lambda: run(tyro.cli(Request, prog="cuffs-predict"))))


if __name__ == "__main__":
    main()
