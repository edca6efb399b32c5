"""A person whose skin stands out of their clothes gives no sample."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cuffs.annotate.annotate import Annotated, Annotator, Refused
from cuffs.codec import encode
from cuffs.npz import read_npz
from cuffs.plan import read_chunk, read_plan

ROOT = Path(__file__).parents[3]
RECIPE = """
name: clothed
image: {width: 64, height: 64}
render: {samples: 1, denoise: false}
camera: {distance_m: [2.2, 2.6]}
people: {count: {"1": 1.0}}
poses: {kind: procedural}
place: {kinds: {studio: 1}}
wardrobe: {hair: false}
num_identities: 1
chunk_size: 1
spares: 0
"""


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    """A plan's folder, its one scene, and what Blender captured of it."""
    top = tmp_path_factory.mktemp("clothed")
    (top / "clothed.yaml").write_text(RECIPE)
    folder, order = top / "plan", {"spec": str(top / "spec.json"), "out": str(top / "capture"), "blend": None}

    _run("cuffs.cli", "plan", str(top / "clothed.yaml"), "--count", "1", "--seed", "5", "--out", str(folder))
    spec = read_chunk(folder, read_plan(folder), 0).slots[0].specs[0]
    (top / "spec.json").write_text(json.dumps(encode(spec)))
    _run("blender_scripts.worker", "--assets", str(folder / "assets"), typed=json.dumps(order) + "\n")
    return folder, spec, top / "capture"


def _run(module, *arguments, typed=""):
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, input=typed, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.bpy
@pytest.mark.slow
def test_clothes_that_slip_into_the_body_cost_the_sample(captured):
    folder, spec, capture = captured
    annotator = Annotator.load(folder, read_plan(folder))
    assert isinstance(annotator.annotate(spec, capture), Annotated)
    person = read_npz(capture / "person_0.npz")
    clothes = len(spec.people[0].character.garments)
    assert clothes
    first = person["shell_counts"][:-clothes].sum()
    person["shell_world"][first:] += np.float32([0.03, 0.0, 0.0])
    np.savez(capture / "person_0.npz", **person)
    found = annotator.annotate(spec, capture)
    assert isinstance(found, Refused)
    assert found.cause == "skin_through_cloth"
