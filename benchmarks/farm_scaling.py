"""Two workers against one, beside two bare Blender processes against one; what scheduling costs.

    python -m benchmarks.farm_scaling --size 224 --samples 8 --count 48 --out /tmp/scaling

One worker has one core, two have two. All four measurements render the same scenes, in turn, `--repeat` times; the
ratio is that of medians. `parent` is the processor time of the process that hands out tasks, as a share of all that
its run took: everything else is Blender (setup, rendering, read-out) and fitting, stated apart.
"""

import argparse
import json
import shutil
import statistics
from pathlib import Path

import psutil

from benchmarks.farm_runs import Spent, bare, cpu_by_part, make_plan, planned_specs, render, sized
from cuffs.farm.telemetry import read_telemetry


def main() -> None:
    """Measure and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("render_configs/demo.yaml"))
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    recipe = sized(options.recipe, options.size, options.samples, options.out)
    make_plan(recipe, options.count, options.out / "plan")
    cores = sorted(psutil.Process().cpu_affinity())[:2]
    wall: dict[str, list[float]] = {}
    found: dict[str, object] = {}
    for number in range(options.repeat):
        for workers in (1, 2):
            wall.setdefault(f"bare {workers}", []).append(_bare(options.out, number, cores[:workers]).wall_s)
            spent, parts = _farm(options.out, number, cores[:workers])
            wall.setdefault(f"farm {workers}", []).append(spent.wall_s)
            found[f"farm {workers} cpu_s"] = {name: round(value, 2) for name, value in parts.items()}
            found[f"farm {workers} parent share"] = round(spent.own_cpu_s / spent.cpu_s, 4)
    median = {name: statistics.median(values) for name, values in wall.items()}
    speedup = {kind: median[f"{kind} 1"] / median[f"{kind} 2"] for kind in ("bare", "farm")}
    found |= {
        "scenes": options.count,
        "px, samples": [options.size, options.samples],
        "wall_s": {name: [round(value, 1) for value in values] for name, values in wall.items()},
        "speedup": {kind: round(value, 3) for kind, value in speedup.items()},
        "farm over bare": round(speedup["farm"] / speedup["bare"], 3),
    }
    print(json.dumps(found, indent=1))


def _bare(out: Path, number: int, cores: list[int]) -> Spent:
    scratch = out / f"bare-{number}-{len(cores)}"
    shutil.rmtree(scratch, ignore_errors=True)
    spent = bare(out / "plan", planned_specs(out / "plan"), scratch, cores=cores)
    shutil.rmtree(scratch)
    return spent


def _farm(out: Path, number: int, cores: list[int]) -> tuple[Spent, dict[str, float]]:
    folder = out / f"farm-{number}-{len(cores)}"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(out / "plan", folder)
    spent = render(folder, "--workers", len(cores), "--threads", 1, cores=cores)
    parts = cpu_by_part(read_telemetry(folder))
    shutil.rmtree(folder)
    return spent, parts


if __name__ == "__main__":
    main()
