"""`python -m blender_scripts.check_rooms --out REPORT FILE...`: what planning has to know of users' .blend rooms.

REPORT gets a JSON object: for each file `{"spots": [[x, y, z], ...]}`, or `{"problem": text}`. Nothing in the files is
run.
"""

import argparse
import json
import sys
from pathlib import Path

from blender_scripts.places.blend_room import read_room
from blender_scripts.session import clear_scene, start_session
from cuffs.errors import AssetBroken


def main(arguments: list[str] | None = None) -> int:
    """Look at every file; the exit code is 0 even where some are refused: the report says so."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    start_session("cpu", 1)
    report = {str(path): _looked_at(path) for path in options.files}
    options.out.write_text(json.dumps(report, indent=1))
    return 0


def _looked_at(path: Path) -> dict[str, object]:
    clear_scene()
    try:
        return {"spots": read_room(path).spots}
    except AssetBroken as problem:
        return {"problem": str(problem)}


if __name__ == "__main__":
    sys.exit(main())
