"""Random hand swaps: how many are refused and why, and sheets of both kinds to look at.

    python -m benchmarks.swaps --out out/swaps                           # made-up bodies and hands
    python -m benchmarks.swaps --motion data/bedlam --out out/swaps      # half of the bodies from motion files
    python -m benchmarks.swaps --recipe my.yaml --out out/swaps          # a recipe's bodies and hands

Writes accepted.png, refused.png (50 each, the refused ones taken evenly from all causes; whole body, and each hand with
what is around it from two sides) and swaps.json.
"""

import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import tyro
from PIL import Image

from cuffs.body import BodyModel, find_body_model
from cuffs.places import cache_folder
from cuffs.recipe import load_recipe
from cuffs.report.charts import stacked
from cuffs.report.pose_sheet import REFUSED_COLOUR, Figure, figure_cells
from cuffs.seeding import stream
from cuffs.skeleton import HANDS
from pose_sources import BodyAtHand, open_poses, poses_config
from pose_sources.mixture import DrawnPose, Poses
from pose_sources.survey import Refused, evenly

MADE_UP: Final = {
    "kind": "mixture",
    "bodies": [{"source": {"kind": "procedural"}}],
    "hands": [{"source": {"kind": "procedural"}}],
    "swap": {"share": 1.0, "together": 0.3},
    "mirror_bodies": 0.5,
    "natural": {},
}
"""Hands that were made for free arms, on bodies some of whose hands lie on the body."""

COLUMNS: Final = 5
BATCH: Final = 50


def main(
    out: Path,
    recipe: Path | None = None,
    motion: Path | None = None,
    count: int = 1000,
    shown: int = 50,
    noise_deg: float = 0.0,
) -> None:
    """Swap, judge, count and draw.

    Args:
        out: The folder for sheets and figures.
        recipe: A recipe whose `poses` are a mixture; made-up bodies and hands without one.
        motion: Motion files (AMASS, BEDLAM) that half of the made-up bodies give way to.
        count: Swaps.
        shown: Figures on each sheet.
        noise_deg: Turns every finger joint by so much at random, as failed fits of hands are.
    """
    model = find_body_model(cache_folder())
    data, folder = (MADE_UP, Path()) if recipe is None else (load_recipe(recipe).poses, recipe.parent)
    if motion is not None:
        data = {**data, "bodies": [*data["bodies"], {"source": {"kind": "amass", "path": str(motion.resolve())}}]}
    config = poses_config(data, where=str(recipe or "made-up"))
    body = BodyAtHand(rest_joints=model.joint_template, model=model)
    poses = open_poses(config, folder=folder, body=body, cache=cache_folder())
    drawn = [_disturbed(poses.attempt(stream(0, "swaps", n)), noise_deg, n) for n in range(count)]
    started = time.perf_counter()
    judged = _judged(poses, drawn)
    ms = 1000 * (time.perf_counter() - started) / count
    accepted = [pose for pose, causes in judged if not causes]
    refused = [Refused(pose=pose, causes=causes) for pose, causes in judged if causes]
    out.mkdir(parents=True, exist_ok=True)
    _report(accepted, refused, ms, out)
    _sheet(out / "accepted.png", [_figure(one) for one in accepted[:shown]], model)
    _sheet(out / "refused.png", [_why(one) for one in evenly(refused, shown)], model, colour=REFUSED_COLOUR)


def _disturbed(drawn: DrawnPose, noise_deg: float, number: int) -> DrawnPose:
    pose, rng = drawn.body.pose.copy(), stream(0, "noise", number)
    for part in HANDS.values():
        pose[part] += np.radians(noise_deg) * rng.normal(size=(15, 3))
    return replace(drawn, body=replace(drawn.body, pose=pose))


def _judged(poses: Poses, drawn: Sequence[DrawnPose]) -> list[tuple[DrawnPose, tuple]]:
    causes = []
    for first in range(0, len(drawn), BATCH):
        causes += poses.all_causes(drawn[first : first + BATCH])
    return list(zip(drawn, causes, strict=True))


def _report(accepted: Sequence[DrawnPose], refused: Sequence[Refused], ms: float, out: Path) -> None:
    first = Counter(one.causes[0].name for one in refused)
    every = Counter(name for one in refused for name in {cause.name for cause in one.causes})
    print(f"{len(accepted) + len(refused)} swaps: {len(accepted)} accepted, {len(refused)} refused; {ms:.1f} ms each")
    print(f"{'cause':16s}{'first':>8s}{'among':>8s}")
    for name, number in every.most_common():
        print(f"{name:16s}{first[name]:8d}{number:8d}")
    figures = {"accepted": len(accepted), "refused": len(refused), "first": first, "among": every, "ms": round(ms, 2)}
    (out / "swaps.json").write_text(json.dumps(figures, indent=1) + "\n")


def _why(one: Refused) -> Figure:
    text = "\n".join(f"{cause.name}: {cause.detail[:44]}" for cause in one.causes[:2])
    return Figure(pose=one.pose.body.pose, text=text)


def _figure(one: DrawnPose) -> Figure:
    origin = one.body.origin
    return Figure(pose=one.body.pose, text=f"{origin.dataset}\n{(origin.action or '')[:52]}")


def _sheet(path: Path, figures: Sequence[Figure], model: BodyModel, **colour: tuple[int, int, int]) -> None:
    cells = list(figure_cells(figures, model, around=True, **colour))
    rows = [cells[first : first + COLUMNS] for first in range(0, len(cells), COLUMNS)]
    if rows:
        Image.fromarray(stacked(rows)).save(path)


if __name__ == "__main__":
    tyro.cli(main)
