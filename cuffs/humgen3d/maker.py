"""The Blender process that makes humans for planning, seen from outside."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cuffs.character import Identity, Topology
from cuffs.codec import encode
from cuffs.errors import AssetBroken, UnavailableError, WorkerDied
from cuffs.humgen3d.addon import VARIABLE as ADDON_VARIABLE
from cuffs.humgen3d.addon import AddOn
from cuffs.humgen3d.content import VARIABLE as CONTENT_VARIABLE
from cuffs.humgen3d.records import HumanSpec

POLL_S = 0.02
LOG_TAIL = 3000
TIMEOUT_S = 600.0
RECYCLE = 100
"""Orders after which the process is replaced."""

NEEDED_MISSING = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MadeHuman:
    """A human at rest."""

    topology: Topology
    identity: Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of trying items."""

    broken: Mapping[str, str]
    """What can't be used, and why."""

    patternable: tuple[str, ...]
    """Clothes that take a pattern."""


class HumanMaker:
    """Makes humans of one content with one add-on. The process starts with the first order and ends with `close`."""

    def __init__(self, root: Path, addon: AddOn, *, timeout_s: float = TIMEOUT_S) -> None:
        self.root, self.addon = root, addon
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._scratch = tempfile.TemporaryDirectory(prefix="cuffs-humans-")
        self._count = 0

    def make(self, human: HumanSpec) -> MadeHuman:
        """A human's mesh, rig and rest pose.

        Raises:
            AssetBroken: if the content can't make this one.
            UnavailableError: if add-on, content or Blender can't be used.
            WorkerDied: if Blender dies or hangs.
        """
        out = self._ordered({"do": "person"}, human)
        return MadeHuman(topology=Topology.load(out / "topology.npz"), identity=Identity.load(out / "identity.npz"))

    def tried(self, human: HumanSpec, items: Sequence[str]) -> Tried:
        """Put items of the content on a human, one by one; errors as for `make`."""
        out = self._ordered({"do": "try", "items": list(items)}, human)
        found = json.loads((out / "tried.json").read_text(encoding="utf-8"))
        return Tried(broken=found["broken"], patternable=tuple(found["patternable"]))

    def close(self) -> None:
        """End the process and remove what it wrote."""
        self._stop()
        self._scratch.cleanup()

    def _ordered(self, order: dict[str, object], human: HumanSpec) -> Path:
        """Give an order and wait for its folder."""
        self._count += 1
        if self._count % RECYCLE == 0:
            self._stop()
        folder = Path(self._scratch.name)
        spec, out = folder / f"{self._count}.json", folder / str(self._count)
        spec.write_text(json.dumps(encode(human)))
        process = self._started()
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # its death is noticed below
            process.stdin.write((json.dumps({**order, "human": str(spec), "out": str(out)}) + "\n").encode())
            process.stdin.flush()
        self._wait(process, out)
        if (out / "failure.json").exists():
            failure = json.loads((out / "failure.json").read_text(encoding="utf-8"))
            kind = UnavailableError if failure["cause"] == "UnavailableError" else None
            if kind is not None:
                raise kind(failure["detail"])
            path = self.root / human.preset
            raise AssetBroken("A HumGen3D human", path, failure["detail"], "leave the preset out, or mend the content")
        return out

    def _wait(self, process: subprocess.Popen[bytes], out: Path) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not out.is_dir():
            code = process.poll()
            if out.is_dir():
                return
            if code == NEEDED_MISSING:
                raise UnavailableError(f"HumGen3D can't run here:\n{self._log_tail()}")
            if code is not None or time.monotonic() > deadline:
                what = f"ended (exit code {code})" if code is not None else f"hung for {self._timeout_s:.0f} s"
                self._stop()
                raise WorkerDied(f"Blender {what} while it made a human:\n{self._log_tail()}")
            time.sleep(POLL_S)

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            settings = {CONTENT_VARIABLE: str(self.root), ADDON_VARIABLE: str(self.addon.path)}
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", "blender_scripts.humgen3d.maker"],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **settings},
                )
        return self._process

    def _stop(self) -> None:
        if self._process is None:
            return
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(BrokenPipeError):
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    @property
    def _log(self) -> Path:
        return Path(self._scratch.name) / "maker.log"

    def _log_tail(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-LOG_TAIL:].strip() if self._log.exists() else ""
