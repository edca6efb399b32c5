"""`python -m blender_scripts.humgen3d.maker`: humans as files, for those who plan without Blender.

The parent writes one JSON object a line to standard input:

- `{"do": "person", "human": path, "out": folder}`: make the human of a `HumanSpec`; the folder holds `identity.npz`
  and `topology.npz`.
- `{"do": "try", "human": path, "items": [path, …], "out": folder}`: put each item of the content on that human;
  `tried.json` says what is wrong with each that can't be used.

Where the order can't be followed, the folder holds `failure.json` with `cause` and `detail`. What these files hold of
the content's vertices stays in the user's cache. Exit codes: 0 end of input · 2 a line can't be read · 3 something
needed is missing.
"""

import argparse
import json
import logging
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import bpy

from blender_scripts.humgen3d.character import read_person
from blender_scripts.humgen3d.dress import KEEP, PARTICLES, dress, takes_pattern
from blender_scripts.humgen3d.face import set_face
from blender_scripts.humgen3d.human import Human, make_human
from blender_scripts.humgen3d.studio import Studio, start_studio
from blender_scripts.session import clear_scene, leave_after, start_session
from cuffs.codec import decode
from cuffs.errors import CuffsError, RecordError
from cuffs.humgen3d.records import HumanSpec
from cuffs.publish import publish_folder
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec, MaterialSpec

logger = logging.getLogger("blender_scripts.humgen3d.maker")

PROBLEMS = (CuffsError, RuntimeError, ValueError, FileNotFoundError)
GREY = (0.5, 0.5, 0.5)


def main(arguments: list[str] | None = None) -> int:
    """Serve orders until the input ends; the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    parser = argparse.ArgumentParser(prog="python -m blender_scripts.humgen3d.maker")
    parser.parse_args(arguments)
    try:
        start_session("cpu", 1)
        studio = start_studio()
        with studio.scratch:
            serve(sys.stdin.buffer, studio)
    except CuffsError as problem:
        logger.error("%s", problem)
        return problem.exit_code
    return 0


def serve(lines: BinaryIO, studio: Studio) -> None:
    """Follow one order a line.

    Raises:
        RecordError: if a line is no order.
    """
    for line in iter(lines.readline, b""):
        try:
            order = json.loads(line)
            action, out = {"person": _person, "try": _try}[order["do"]], Path(order["out"])
        except (ValueError, KeyError, TypeError) as problem:
            raise RecordError(f"the line {line[:200]!r} is no order: {problem!r}") from problem
        with publish_folder(out) as scratch:
            try:
                action(studio, order, scratch)
            except PROBLEMS as problem:
                logger.exception("can't follow %s", order)
                failure = {"cause": type(problem).__name__, "detail": str(problem)}
                (scratch / "failure.json").write_text(json.dumps(failure, indent=1))


def _human(studio: Studio, order: Mapping[str, object]) -> Human:
    clear_scene()
    path = Path(str(order["human"]))
    return make_human(studio, decode(HumanSpec, json.loads(path.read_text()), where=str(path)))


def _person(studio: Studio, order: Mapping[str, object], folder: Path) -> None:
    topology, identity = read_person(_human(studio, order), None)
    topology.save(folder / "topology.npz")
    identity.save(folder / "identity.npz")


def _try(studio: Studio, order: Mapping[str, object], folder: Path) -> None:
    """Each item on a human of its own, so that what fails leaves nothing behind for the next."""
    items = order["items"]
    assert isinstance(items, list)
    found: dict[str, str] = {}
    patternable: list[str] = []
    for item in map(str, items):
        human = _human(studio, order)
        try:
            _put_on(human, item)
            bpy.context.view_layer.update()
            if item.startswith(("outfits/", "footwear/")) and takes_pattern(human, item):
                patternable.append(item)
        except PROBLEMS as problem:
            found[item] = str(problem).splitlines()[0]
            logger.warning("%s can't be used: %s", item, problem)
    (folder / "tried.json").write_text(json.dumps({"broken": found, "patternable": patternable}, indent=1))


def _put_on(human: Human, item: str) -> None:
    if item.startswith("shapekeys/"):
        set_face(human, {item: 1.0})
        return
    material = MaterialSpec(kind=PARTICLES if item.startswith("hair/") else "humgen3d", colour=GREY, trim=KEEP)
    garments, hair, fur = (), None, ()
    if item.startswith("hair/face_hair/"):
        fur = (HairSpec(name=item, material=material),)
    elif item.startswith("hair/"):
        hair = HairSpec(name=item, material=material)
    else:
        garments = (GarmentSpec(name=item, material=material),)
    look = CharacterSpec(
        kind="humgen3d", identity="", topology="", skin=material, eye_colour=GREY, garments=garments, hair=hair, fur=fur
    )
    dress(human, look, seed=0)


if __name__ == "__main__":
    leave_after(main)
