"""What places cost: every scene of a plan as it is, and the same people and camera in a plain studio, side by side.

    cuffs plan render_configs/cuffs-ehf.yaml --count 12 --out /tmp/ehf
    python -m benchmarks.place_cost /tmp/ehf --width 448 --samples 16

Times are processor seconds of all threads, so that other programs on the machine hardly matter. `build` is making the
scene; `render` holds what Cycles does before the first sample too.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from blender_scripts.assets import Assets
from blender_scripts.capture import build_scene
from blender_scripts.picture import render_light
from blender_scripts.session import Session, start_session
from cuffs.camera import intrinsics
from cuffs.plan import read_chunk, read_plan
from cuffs.records import ImageSpec, LightSpec, MaterialSpec, PlaceSpec, SceneSpec

GREY = (0.4, 0.4, 0.4)
PLAIN = PlaceSpec(
    kind="studio",
    ground=MaterialSpec(kind="floor", colour=GREY, roughness=0.9),
    backdrop=MaterialSpec(kind="backdrop", colour=GREY, roughness=0.9),
)


def main() -> None:
    """Print a line for each scene and the medians, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--width", type=int, default=448)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    session, assets = start_session("cpu", options.threads), Assets(options.plan / "assets")
    rows: dict[str, list[float]] = {}
    for number, spec in enumerate(scenes_of(options.plan)):
        if number == options.count + 1:
            break
        wanted = sized(spec, options.width, options.samples)
        plain = replace(wanted, place=PLAIN, light=LightSpec(kind="studio"), props=())
        found = {name: _seconds(one, session, assets) for name, one in (("place", wanted), ("plain", plain))}
        if number == 0:
            continue  # the first also loads kernels and caches
        print(f"{spec.place.kind}/{spec.place.style} {spec.light.mood}: {found}", flush=True)
        for name, (build_s, render_s) in found.items():
            rows.setdefault(f"{name} build_s", []).append(build_s)
            rows.setdefault(f"{name} render_s", []).append(render_s)
        rows.setdefault("render ratio", []).append(found["place"][1] / found["plain"][1])
        rows.setdefault("whole ratio", []).append(sum(found["place"]) / sum(found["plain"]))
    print(json.dumps({name: round(float(np.median(values)), 3) for name, values in rows.items()}, indent=1))


def scenes_of(folder: Path) -> Iterator[SceneSpec]:
    """The first scene of each of a plan's slots."""
    plan = read_plan(folder)
    for chunk in range(plan.num_chunks):
        yield from (slot.specs[0] for slot in read_chunk(folder, plan, chunk).slots)


def sized(spec: SceneSpec, width: int, samples: int) -> SceneSpec:
    """A scene at another size and number of samples, without the lens's effects."""
    height = round(width * spec.image.height / spec.image.width)
    fov_x_deg = float(np.degrees(2 * np.arctan(spec.image.width / 2 / spec.camera.K[0, 0])))
    K = intrinsics(fov_x_deg=fov_x_deg, width=width, height=height, offset_px=(0.0, 0.0))
    return replace(
        spec,
        image=ImageSpec(width=width, height=height),
        camera=replace(spec.camera, K=K, distortion=None, aperture_m=0.0, shake_deg=(0.0, 0.0, 0.0)),
        render=replace(spec.render, samples=samples),
    )


def _seconds(spec: SceneSpec, session: Session, assets: Assets) -> tuple[float, float]:
    start = time.process_time()
    build_scene(spec, session, assets)
    built = time.process_time()
    with tempfile.TemporaryDirectory(prefix="cuffs-cost-") as scratch:
        render_light(Path(scratch))
    return round(built - start, 3), round(time.process_time() - built, 3)


if __name__ == "__main__":
    main()
