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

from cuffs.body import BodyModel, body_parts, find_body_model, forward
from cuffs.places import cache_folder
from cuffs.recipe import load_recipe
from cuffs.report.charts import labelled, stacked
from cuffs.report.figures import Picture, View, draw_body, hand_colours
from cuffs.rotations import rotvec_to_rotmat
from cuffs.scene.people import facing_rad
from cuffs.seeding import stream
from cuffs.skeleton import HANDS, INDEX
from pose_sources import BodyAtHand, open_poses, poses_config
from pose_sources.mixture import DrawnPose, Poses
from pose_sources.survey import Refused

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
BODY_VIEW: Final = View(width=130, height=240)
AROUND_M: Final = 0.16
"""What lies within this of a hand's middle is drawn around it."""

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
    _sheet(out / "accepted.png", [(one.body.pose, _text(one)) for one in accepted[:shown]], model)
    _sheet(out / "refused.png", [(one.pose.body.pose, _why(one)) for one in _evenly(refused, shown)], model)


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


def _evenly(refused: Sequence[Refused], count: int) -> list[Refused]:
    """Some of every first cause."""
    groups: dict[str, list[Refused]] = {}
    for one in refused:
        groups.setdefault(one.causes[0].name, []).append(one)
    chosen: list[Refused] = []
    for place in range(len(refused)):
        chosen += [group[place] for group in groups.values() if place < len(group)]
    return sorted(chosen[:count], key=lambda one: one.causes[0].name)


def _why(one: Refused) -> str:
    return "\n".join(f"{cause.name}: {cause.detail[:52]}" for cause in one.causes[:2])


def _text(one: DrawnPose) -> str:
    return f"{one.body.origin.dataset}\n{(one.body.origin.action or '')[:60]}"


def _sheet(path: Path, figures: Sequence[tuple[np.ndarray, str]], model: BodyModel) -> None:
    cells = [_cell(pose, text, model) for pose, text in figures]
    rows = [cells[first : first + COLUMNS] for first in range(0, len(cells), COLUMNS)]
    if rows:
        Image.fromarray(stacked(rows)).save(path)


def _cell(pose: np.ndarray, text: str, model: BodyModel) -> Picture:
    """The body from its front, and each hand from two sides of where it looks out from the body."""
    rotmats, nothing = rotvec_to_rotmat(pose)[None], np.zeros((1, 1))
    verts, joints = forward(model, rotmats=rotmats, betas=nothing, expression=nothing, transl=np.zeros((1, 3)))
    parts = body_parts(model)
    hands = {side: parts[f"{side}_hand"] for side in ("left", "right")}
    paint, facing = hand_colours(model.faces, hands), facing_rad(rotmats[0, 0])
    body = draw_body(verts[0], model.faces, BODY_VIEW, facing_rad=facing, colours=paint)
    close = [_around_hand(verts[0], joints[0], hands[side], (model, paint)) for side in ("right", "left")]
    picture = np.concatenate([body, np.concatenate(close)], 1)
    band = np.full((30, picture.shape[1], 3), 255, np.uint8)
    return labelled(np.concatenate([band, picture]), text)


def _around_hand(
    verts: np.ndarray, joints: np.ndarray, hand: np.ndarray, paint: tuple[BodyModel, np.ndarray]
) -> Picture:
    model, colours = paint
    middle, trunk = verts[hand].mean(0), joints[INDEX["spine2"]]
    out = float(np.arctan2(*(middle - trunk)[[1, 0]]))
    near = np.flatnonzero(np.linalg.norm(verts - middle, axis=1) < AROUND_M)
    views = [
        View(yaw_deg=yaw, pitch_deg=pitch, width=120, height=120, alone=False) for yaw, pitch in ((-55, 10), (45, 40))
    ]
    pictures = [draw_body(verts, model.faces, view, facing_rad=out, colours=colours, shown=near) for view in views]
    return np.concatenate(pictures, 1)


if __name__ == "__main__":
    tyro.cli(main)
