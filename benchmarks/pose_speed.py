"""How fast poses are drawn and judged, on one core.

    OMP_NUM_THREADS=1 python -m benchmarks.pose_speed                        # made-up bodies and hands
    OMP_NUM_THREADS=1 python -m benchmarks.pose_speed --motion data/bedlam   # and motion files with made-up hands

Times are of the processor, the best of several rounds: other processes on the machine slow every one of them. The exit
code is 1 where a limit isn't kept.
"""

import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import tyro

from benchmarks.limits import Line, say
from cuffs.body import BodyModel, find_body_model
from cuffs.places import cache_folder
from cuffs.seeding import stream
from pose_sources import BodyAtHand, Poses, open_poses, poses_config
from pose_sources.contact import build_contact_mesh, measure_contacts

MADE_UP: Final[dict[str, Any]] = {"kind": "procedural"}
ROUNDS: Final = 6
MOST_DRAW_MS: Final = 6.0
"""10 000 draws in a minute."""

MOST_CONTACT_MS: Final = 15.0
BATCH: Final = 16


def main(motion: Path | None = None, count: int = 100) -> None:
    """Measure and print.

    Args:
        motion: A motion file, or a folder of them.
        count: Poses of each round.
    """
    model = find_body_model(cache_folder())
    recipes: dict[str, dict[str, Any]] = {"made-up bodies": MADE_UP}
    if motion is not None:
        source = {"kind": "amass", "path": str(motion.resolve())}
        recipes["motion files"] = source
        recipes["motion files, hands replaced by made-up ones"] = {
            "kind": "mixture", "bodies": [{"source": source}], "hands": [{"source": MADE_UP}],
        }  # fmt: skip
    lines = [
        Line(name=f"draw, ms: {name}", value=_draw_ms(_opened(data, model), count), limit=MOST_DRAW_MS)
        for name, data in recipes.items()
    ]
    poses = _opened(MADE_UP, model)
    drawn = np.stack([poses.attempt(stream(0, "contact", n)).body.pose for n in range(ROUNDS * BATCH)])
    lines.append(Line(name="self-contact, ms a pose", value=_contact_ms(model, drawn), limit=MOST_CONTACT_MS))
    sys.exit(say(lines))


def _opened(data: dict[str, Any], model: BodyModel) -> Poses:
    body = BodyAtHand(rest_joints=model.joint_template, model=model)
    return open_poses(poses_config(data, where="benchmark"), body=body)


def _draw_ms(poses: Poses, count: int) -> float:
    for number in range(count // 5):
        poses.attempt(stream(0, "warm", number))
    best = np.inf
    for _ in range(ROUNDS):
        started = time.process_time()
        for number in range(count):
            poses.attempt(stream(0, "speed", number))
        best = min(best, time.process_time() - started)
    return 1000 * best / count


def _contact_ms(model: BodyModel, drawn: np.ndarray) -> float:
    mesh, best = build_contact_mesh(model), np.inf
    for first in range(0, len(drawn), BATCH):
        started = time.process_time()
        measure_contacts(mesh, drawn[first : first + BATCH])
        best = min(best, time.process_time() - started)
    return 1000 * best / BATCH


if __name__ == "__main__":
    tyro.cli(main)
