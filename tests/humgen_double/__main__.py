"""`python -m tests.humgen_double ROOT [--other] [--seed N]`."""

import argparse
from pathlib import Path

from cuffs.places import cache_folder
from tests.humgen_double.content import make_content

parser = argparse.ArgumentParser(description="Generate a content root that the HumGen3D add-on accepts.")
parser.add_argument("root", type=Path)
parser.add_argument("--other", action="store_true", help="another topology, stature and limbs")
parser.add_argument("--seed", type=int, default=0, help="of the bones' rolls and the other topology")
wanted = parser.parse_args()
make_content(wanted.root, cache=cache_folder(), is_other=wanted.other, seed=wanted.seed)
