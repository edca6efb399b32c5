"""What people cost: scenes of a plan as they are, and with the same bodies plain, at the same place, light and samples.

    cuffs plan render_configs/cuffs-ehf.yaml --count 12 --out /tmp/ehf
    python -m benchmarks.person_cost /tmp/ehf --width 448 --samples 16

A plain person has neither clothes nor hair nor fur, and one even surface. Asked for: a render at most twice as long as
theirs. Times are processor seconds of all threads, so that other programs on the machine hardly matter; parts:
`people` builds them, `place` the rest of the scene, `read` is body and shell, `render` the picture, `data` the pass of
numbers. More `--variants` show where the time goes; the last one is what the others are compared to.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

import bpy
import numpy as np

from benchmarks.place_cost import scenes_of, sized
from blender_scripts import capture, open_character
from blender_scripts.assets import Assets
from blender_scripts.character import Character
from blender_scripts.data_pass import render_data
from blender_scripts.materials.body import plain_material
from blender_scripts.picture import render_light
from blender_scripts.session import start_session
from cuffs.records import CharacterSpec, MaterialSpec, SceneSpec
from cuffs.warp import plan_warp

Array = np.ndarray

PLAIN: Final = MaterialSpec(kind="plain", colour=(0.5, 0.36, 0.28), roughness=0.5)

VARIANTS: Final[dict[str, Callable[[CharacterSpec], CharacterSpec]]] = {
    "dressed": lambda look: look,
    "plain": lambda look: replace(look, garments=(), hair=None, fur=(), skin=PLAIN),
    "no hair": lambda look: replace(look, hair=None),
    "no fur": lambda look: replace(look, fur=()),
    "plain skin": lambda look: replace(look, skin=PLAIN),
    "plain cloth": lambda look: replace(
        look, garments=tuple(replace(one, material=replace(PLAIN, colour=one.material.colour)) for one in look.garments)
    ),
    "no clothes": lambda look: replace(look, garments=()),
}
PARTS: Final = ("people", "place", "read", "render", "data")


def main() -> None:
    """Print a line for each scene and variant, and medians by part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--width", type=int, default=448)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=["dressed", "plain"])
    options = parser.parse_args()
    bench = _Bench(options.plan, options.threads)
    rows: dict[str, list[list[float]]] = {name: [] for name in options.variants}
    for number, spec in enumerate(scenes_of(options.plan)):
        if number == options.count + 1:
            break
        for name in options.variants:
            found = bench.seconds(_varied(sized(spec, options.width, options.samples), name))
            if number > 0:  # the first also loads kernels and caches
                rows[name].append(found)
                print(f"{spec.key} {spec.place.kind} {name}: {[round(part, 2) for part in found]}", flush=True)
    figures: dict[str, object] = {
        name: dict(zip(PARTS, np.median(found, axis=0).round(3).tolist(), strict=True)) for name, found in rows.items()
    }
    render = PARTS.index("render")
    base = np.array(rows[options.variants[-1]])[:, render]
    for name in options.variants[:-1]:
        ratios = np.array(rows[name])[:, render] / base
        figures[f"render, {name} / {options.variants[-1]}"] = {
            "median": round(float(np.median(ratios)), 3),
            "mean": round(float(np.array(rows[name])[:, render].sum() / base.sum()), 3),
            "max": round(float(ratios.max()), 3),
        }
    print(json.dumps(figures, indent=1))


def _varied(spec: SceneSpec, name: str) -> SceneSpec:
    people = tuple(replace(person, character=VARIANTS[name](person.character)) for person in spec.people)
    return replace(spec, people=people)


class _Bench:
    """A session of Blender."""

    def __init__(self, plan: Path, threads: int) -> None:
        self._session, self._assets = start_session("cpu", threads), Assets(plan / "assets")

    def seconds(self, spec: SceneSpec) -> list[float]:
        """Processor seconds by part."""
        people_s = 0.0

        def timed(spec: SceneSpec, assets: Assets) -> list[Character]:
            nonlocal people_s
            start = time.process_time()
            found = add_people(spec, assets)
            people_s = time.process_time() - start
            return found

        add_people = capture.add_people
        with _plain_skin(is_plain=spec.people[0].character.skin.kind == "plain"), tempfile.TemporaryDirectory() as name:
            folder, marks = Path(name), [time.process_time()]
            capture.add_people = timed
            try:
                characters = capture.build_scene(spec, self._session, self._assets)
            finally:
                capture.add_people = add_people
            marks.append(time.process_time())
            depsgraph = bpy.context.evaluated_depsgraph_get()
            for character in characters:
                capture.person_arrays(character, depsgraph)
            marks.append(time.process_time())
            render_light(folder)
            marks.append(time.process_time())
            render_data(folder, plan_warp(spec.camera, spec.image))
            marks.append(time.process_time())
        build_s, *rest = np.diff(marks)
        return [people_s, float(build_s) - people_s, *(float(part) for part in rest)]


@contextmanager
def _plain_skin(*, is_plain: bool) -> Iterator[None]:
    """Skin as one even surface."""
    before = open_character.skin_material
    if is_plain:
        open_character.skin_material = lambda name, spec, **_: plain_material(name, spec)
    try:
        yield
    finally:
        open_character.skin_material = before


if __name__ == "__main__":
    main()
