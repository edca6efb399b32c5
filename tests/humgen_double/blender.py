"""The client of `probe`, and people for it to make."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from cuffs.codec import encode
from cuffs.humgen3d.addon import VARIABLE as ADDON
from cuffs.humgen3d.config import HumGenConfig
from cuffs.humgen3d.content import VARIABLE as CONTENT
from cuffs.humgen3d.sampling import sample_expression, sample_human, sample_look
from cuffs.seeding import stream
from cuffs.skeleton import INDEX

ROOT = Path(__file__).parents[2]
OUR_ADDON = Path(__file__).parent / "addon" / "HumGen3D"
PATIENCE_S = 900.0


def addon_path():
    """The real add-on where a checkout is named, else our double of its interface."""
    return Path(os.environ.get(ADDON) or OUR_ADDON)


def is_real():
    """Whether tests run against the real add-on."""
    return addon_path() != OUR_ADDON


class Failed(Exception):
    """What Blender raised."""


class Blender:
    """A process that answers calls; ended by `close`."""

    def __init__(self, content, folder):
        folder.mkdir(parents=True)
        self._folder, self._count = folder, 0
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.humgen_double.probe", str(folder / "assets")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, CONTENT: str(content), ADDON: str(addon_path())},
        )

    def ask(self, call, **arguments):
        self._count += 1
        out = self._folder / f"{self._count}.json"
        line = json.dumps({"call": call, "arguments": arguments, "out": str(out)})
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        deadline = time.monotonic() + PATIENCE_S
        while not out.exists():
            if (self._process.poll() is not None and not out.exists()) or time.monotonic() > deadline:
                raise AssertionError(f"Blender is gone:\n{(self._folder / 'log').read_text()[-4000:]}")
            time.sleep(0.02)
        answer = json.loads(out.read_text())
        if "error" in answer:
            raise Failed(f"{answer['error']}: {answer['detail']}")
        return answer["answer"]

    def close(self):
        self._process.stdin.close()
        self._process.wait(timeout=30)
        self._log.close()


def drawn(content, number, *, config=None, seed=0):
    """A human, as the planner draws them, with their look, encoded."""
    config = config or HumGenConfig()
    human = sample_human(config, content, stream(seed, "humgen3d", number, 0))
    traits, outfit = stream(seed, "traits", number), stream(seed, "outfit", number)
    look = replace(sample_look(config, content, human, traits=traits, outfit=outfit), identity=f"person_{number}")
    return encode(human), encode(look)


def wild_pose(rng):
    """Every joint turned by a third of a radian or so, limbs and fingers more; the root anyhow."""
    pose = rng.normal(scale=0.35, size=(55, 3))
    limbs = [INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "elbow", "hip", "knee")]
    pose[limbs] *= 2
    pose[0] = rng.normal(scale=1.0, size=3)
    return pose.round(6).tolist()


def faces(content, count, seed=0):
    """Expressions, as the planner draws them."""
    return [
        sample_expression(HumGenConfig(), content, np.random.default_rng([seed, number]))[0] for number in range(count)
    ]
