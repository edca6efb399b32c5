"""A whole job over pure rendering: everything that `cuffs render` does, by what Cycles alone takes.

    python -m benchmarks.farm_overhead --size 448 --samples 16 --count 100 --out /tmp/overhead

The same scenes are rendered by bare Blender processes, one a core, whose time in Cycles counts, and by `cuffs render`
on the same cores, in turn. `wall` is what a user waits for, against the rendering shared among the cores; `cpu` is
processor time, which other programs on the machine change little. Both use all cores, for those that are halves of one
take longer where the other half is busy.
"""

import argparse
import json
import shutil
from pathlib import Path

import psutil

from benchmarks.farm_runs import bare, bare_render_s, cpu_by_part, make_plan, planned_specs, render, set_specs, sized
from cuffs.farm.telemetry import read_telemetry


def main() -> None:
    """Measure and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("render_configs/demo.yaml"))
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    folder = options.out / f"plan-{options.size}-{options.samples}"
    if not folder.exists():
        make_plan(sized(options.recipe, options.size, options.samples, options.out), options.count, folder)
        set_specs(folder, planned_specs(folder))  # without spares: both sides render the same scenes
    cores = sorted(psutil.Process().cpu_affinity())
    scratch, run = options.out / "bare", options.out / "run"
    for old in (scratch, run):
        shutil.rmtree(old, ignore_errors=True)
    alone = bare(folder, planned_specs(folder), scratch, cores=cores)
    render_s, render_cpu_s = bare_render_s(scratch)
    shutil.copytree(folder, run)
    whole = render(run, "--threads", 1, cores=cores)
    parts = cpu_by_part(read_telemetry(run))
    found = {
        "scenes": options.count,
        "pure rendering": {"wall_s": round(render_s / len(cores), 1), "cpu_s": round(render_cpu_s, 1)},
        "bare processes": {"wall_s": round(alone.wall_s, 1), "cpu_s": round(alone.cpu_s, 1)},
        "whole job": {"wall_s": round(whole.wall_s, 1), "cpu_s": round(whole.cpu_s, 1)},
        "whole job by part, cpu_s": {name: round(value, 1) for name, value in parts.items()},
        "wall, whole over pure": round(whole.wall_s * len(cores) / render_s, 3),
        "cpu, whole over pure": round(whole.cpu_s / render_cpu_s, 3),
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
