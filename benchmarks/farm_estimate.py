"""What `cuffs estimate` says against what the run then takes.

python -m benchmarks.farm_estimate --size 224 --samples 8 --count 60 --probe 8 --workers 2 --out /tmp/est
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

import psutil

from benchmarks.farm_runs import ROOT, command, make_plan, render, sized
from cuffs.farm.estimate import read_estimate
from cuffs.plan import read_plan


def main() -> None:
    """Estimate, render the rest, print both as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", type=Path, default=Path("render_configs/demo.yaml"))
    parser.add_argument("--size", type=int, default=448)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--probe", type=int, default=8)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    recipe = sized(options.recipe, options.size, options.samples, options.out)
    make_plan(recipe, options.count, options.out / "plan")
    folder = options.out / "run"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(options.out / "plan", folder)
    flags = ["--workers", options.workers, "--threads", 1]
    subprocess.run(command("estimate", folder, "--probe", options.probe, *flags), cwd=ROOT, check=True)
    said = read_estimate(folder, read_plan(folder))
    took = render(folder, *flags, cores=sorted(psutil.Process().cpu_affinity()))
    shards_gb = sum(path.stat().st_size for path in (folder / "shards").iterdir()) / 1e9
    found = {
        "slots": options.count,
        "left_s": {"said": said.left_s, "took": round(took.wall_s, 1), "ratio": round(said.left_s / took.wall_s, 3)},
        "left_core_s": {
            "said": round(3600 * said.left_core_hours, 1),
            "took": round(took.cpu_s, 1),
            "ratio": round(3600 * said.left_core_hours / took.cpu_s, 3),
        },
        "gb": {"said": said.whole_gb, "took": round(shards_gb, 6), "ratio": round(said.whole_gb / shards_gb, 3)},
    }
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
