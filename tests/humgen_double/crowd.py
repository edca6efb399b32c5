"""`python -m tests.humgen_double.crowd CONTENT [--count 200]`: memory and time of many humans in one process."""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from cuffs.humgen3d.content import read_content
from tests.humgen_double.blender import Blender, drawn

parser = argparse.ArgumentParser(description="Make humans one after another, and see what they leave behind.")
parser.add_argument("content", type=Path)
parser.add_argument("--count", type=int, default=200)
parser.add_argument("--warm-up", type=int, default=20, help="humans before memory is looked at")
wanted = parser.parse_args()
content = read_content(wanted.content)
people = [drawn(content, number) for number in range(wanted.count)]
with tempfile.TemporaryDirectory() as folder:
    blender = Blender(wanted.content, Path(folder) / "crowd")
    found = blender.ask("many", people=people)
    blender.close()
warm = found[wanted.warm_up - 1]
parts = np.array_split(np.array([(one["rss_mb"], one["cpu_s"]) for one in found[wanted.warm_up :]]), 6)
lines = [
    f"humans {len(found)}, Blender's data after the first and the last: "
    f"{sum(found[0]['left'].values())}, {sum(found[-1]['left'].values())}",
    *(f"memory {part[:, 0].mean():7.1f} MB   a human {np.median(part[:, 1]):6.3f} s of CPU" for part in parts),
    f"memory at the end against that after {wanted.warm_up}: {found[-1]['rss_mb'] / warm['rss_mb'] - 1:+.1%}",
]
sys.stdout.write("\n".join(lines) + "\n")
