"""`python -m blender_scripts.worker`: one Blender process, many scenes.

The parent writes one JSON object a line to standard input: `{"spec": path, "out": folder, "blend": path or null}`. For
each the worker publishes the folder `out`, whole or not at all: a capture (`cuffs.records.Capture`), or, where the
scene itself can't be made, one file `failure.json` with `key`, `cause` and `detail`. It ends at the end of its input.
Standard output and error are a log: Blender's own code prints there.

Exit codes: 0 end of input · 2 a line or spec can't be read · 3 something needed is missing (device, disk space).
"""

import argparse
import ctypes
import hashlib
import json
import logging
import os
import re
import signal
import sys
from pathlib import Path
from typing import BinaryIO

from blender_scripts.assets import Assets
from blender_scripts.capture import Order, capture_scene
from blender_scripts.session import Session, leave_after, start_session
from cuffs.codec import decode
from cuffs.errors import AddOnUnusable, CuffsError, OutputError, RecordError
from cuffs.publish import publish_folder
from cuffs.records import SceneSpec

logger = logging.getLogger("blender_scripts.worker")

SCENE_PROBLEMS = (CuffsError, RuntimeError, ValueError, FileNotFoundError, MemoryError)
"""What one spec or Blender itself can cause. Anything else is a fault of ours and ends the process, with its trace in
the log; the parent names the scene."""

DEVICES = ("cpu", "optix", "cuda", "hip", "metal")


def main(arguments: list[str] | None = None) -> int:
    """Serve orders until the input ends; the exit code."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(message)s")
    options = _parser().parse_args(arguments)
    assets = Assets(options.assets)
    try:
        session = start_session(options.device, options.threads)
        if options.say_ready is not None:
            _die_with_parent()
            os.write(options.say_ready, b"1")
        serve(sys.stdin.buffer, session, assets)
    except CuffsError as problem:
        logger.error("%s", problem)
        return problem.exit_code
    except KeyboardInterrupt:
        return 130
    finally:
        assets.close()
    return 0


def serve(lines: BinaryIO, session: Session, assets: Assets) -> None:
    """Follow one order a line.

    Raises:
        RecordError: if a line is no order: the parent and we are of different versions.
        OutputError: if results can't be written, or the run's folder is gone.
        AddOnUnusable: if people are asked for that can't be made on this machine.
    """
    for line in iter(lines.readline, b""):
        try:
            request = json.loads(line)
            spec_path, out = Path(request["spec"]), Path(request["out"])
            blend = Path(request["blend"]) if request["blend"] else None
        except (ValueError, KeyError, TypeError) as problem:
            raise RecordError(f"the line {line[:200]!r} is no order: {problem!r}") from problem
        follow(spec_path, out, session, assets, blend=blend)


def follow(spec_path: Path, out: Path, session: Session, assets: Assets, *, blend: Path | None = None) -> None:
    """Publish a capture, or the reason why there is none.

    Args:
        spec_path: a SceneSpec as JSON.
        out: the folder to publish; its parent must exist.
        session: what renders.
        assets: what specs name.
        blend: where the scene is saved as well.

    Raises:
        OutputError: if results can't be written, or the run's folder is gone.
    """
    if not out.parent.is_dir():
        raise OutputError(f"can't write {out}: its folder is gone, so the run has ended or was moved.")
    key = spec_path.stem
    try:
        with publish_folder(out) as scratch:
            content = spec_path.read_bytes()
            spec = decode(SceneSpec, json.loads(content), where=str(spec_path))
            key = spec.key
            order = Order(spec=spec, spec_sha256=hashlib.sha256(content).hexdigest(), blend=blend)
            capture_scene(order, session, assets, scratch)
    except (OutputError, AddOnUnusable):
        raise
    except SCENE_PROBLEMS as problem:
        logger.exception("%s can't be made", key)
        failure = {"key": key, "cause": _cause(problem), "detail": str(problem)}
        with publish_folder(out) as scratch:
            (scratch / "failure.json").write_text(json.dumps(failure, indent=1))
    else:
        logger.info("%s is done", key)


def _die_with_parent() -> None:
    """Have Linux end this process with the one that started it, however that dies: nobody would take its results."""
    if sys.platform == "linux":
        set_parent_death_signal = 1  # PR_SET_PDEATHSIG of sys/prctl.h
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _cause(problem: BaseException) -> str:
    """A problem's kind as one word, for tables: asset_missing, runtime_error."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(problem).__name__).lower()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m blender_scripts.worker", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--assets", type=Path, required=True, help="folder with characters/, identities/ and places/")
    parser.add_argument("--threads", type=int, default=0, help="render threads; 0: as many as Blender finds")
    parser.add_argument("--device", choices=DEVICES, default="cpu", help="what Cycles renders with; never replaced")
    parser.add_argument("--say-ready", type=int, metavar="FD", help="write a byte there once orders are taken")
    return parser


if __name__ == "__main__":
    leave_after(main)
