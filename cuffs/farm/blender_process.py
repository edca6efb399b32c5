"""One Blender process, seen from outside: fed through its standard input, watched through what it publishes."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import psutil

from cuffs.errors import DeviceMissing, WorkerDied
from cuffs.farm.lane import Lane, pinned
from cuffs.records.scene_spec import Device

POLL_S = 0.02
LOG_TAIL_BYTES = 4000
NEEDED_MISSING = 3
"""The worker's exit code when something it needs is not there, the device for one."""

START_S = 900.0
"""Longest time until Blender takes orders: the first start on a new kind of GPU compiles kernels for minutes."""

ROOT = Path(__file__).parents[2]
"""Where `blender_scripts` lies; an engine's worker may run in any folder."""

FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
"""Signals that a person, a scheduler or the system's memory guard sends; a scene sends itself others."""


class Outcome(Enum):
    """How a scene ended."""

    PUBLISHED = "published"
    DIED = "died"
    HUNG = "hung"
    TOO_LARGE = "too_large"
    NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlenderSettings:
    """How Blender is run: what may differ between two runs of one plan."""

    device: Device = "cpu"
    threads: int = 0
    """0: as many as the process may use."""

    memory_cap_gb: float = 16.0
    timeout_s: float = 900.0
    """For one scene."""

    recycle: int = 50
    """Scenes after which the process is replaced: Blender leaks."""

    pin: bool = True
    """Whether Blender is kept on cores of its own, where they can be told."""


class BlenderProcess:
    """A running worker. Scenes are made in the order in which they are submitted."""

    def __init__(self, assets: Path, settings: BlenderSettings, log_path: Path, lane: Lane) -> None:
        self._settings = settings
        self._log_path = log_path
        self._is_ready = False
        self._started = time.monotonic()
        command = [sys.executable, "-m", "blender_scripts.worker", "--assets", str(assets), "--device", settings.device]
        command += ["--threads", str(lane.threads), "--say-ready"]
        environment = {**os.environ, **lane.environment(settings.device)}
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
        ready, told = os.pipe()
        os.set_blocking(ready, False)
        self._ready = os.fdopen(ready, "rb", buffering=0)
        with log_path.open("ab") as log, pinned(lane.cores if settings.pin else None):
            self._process = subprocess.Popen(
                [*command, str(told)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                pass_fds=(told,),
            )
        os.close(told)
        self._memory = psutil.Process(self._process.pid)

    @property
    def pid(self) -> int:
        """Process id, for logs."""
        return self._process.pid

    def submit(self, spec_path: Path, out: Path, blend: Path | None = None) -> None:
        """Queue a scene. A worker that has died is noticed by `wait`, not here."""
        line = json.dumps({"spec": str(spec_path), "out": str(out), "blend": str(blend) if blend else None}) + "\n"
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except BrokenPipeError:
            return

    def wait(self, out: Path, beat: Callable[[], None]) -> Outcome:
        """Wait until a scene's folder is there, or the process can't make it any more.

        Args:
            out: the scene's folder.
            beat: called again and again while waiting, as a sign of life.

        Raises:
            WorkerDied: if the process that started ours is gone.
        """
        deadline = time.monotonic() + self._settings.timeout_s
        parent = os.getppid()
        while True:
            ended = self._process.poll() is not None
            if out.is_dir():
                return Outcome.PUBLISHED
            if not self._has_started():
                deadline = time.monotonic() + self._settings.timeout_s
                if ended or time.monotonic() > self._started + START_S:
                    return Outcome.NOT_STARTED
            if ended:
                return Outcome.DIED
            if time.monotonic() > deadline:
                return Outcome.HUNG
            if self._resident_gb() > self._settings.memory_cap_gb:
                return Outcome.TOO_LARGE
            if os.getppid() != parent:
                raise WorkerDied("the process that started this one is gone; nothing finished is lost.")
            beat()
            time.sleep(POLL_S)

    def log_tail(self) -> str:
        """The end of what Blender printed."""
        with self._log_path.open("rb") as log:
            log.seek(0, os.SEEK_END)
            log.seek(max(0, log.tell() - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace")

    def cause(self, outcome: Outcome) -> str:
        """How a scene ended, as one word for tables: blender_sigsegv, blender_exit_1, time_out, memory_cap."""
        if outcome is Outcome.HUNG:
            return "time_out"
        if outcome is Outcome.TOO_LARGE:
            return "memory_cap"
        code = self._process.poll()
        if code is None:
            return "blender_did_not_start"
        return f"blender_{signal.Signals(-code).name.lower()}" if code < 0 else f"blender_exit_{code}"

    def was_ended_from_outside(self) -> bool:
        """Whether someone else ended the process: the scene in it need not be at fault."""
        code = self._process.poll()
        return code is not None and -code in FROM_OUTSIDE

    def require_usable(self) -> None:
        """Raise where the worker ended because something it needs is missing: another try would end the same way.

        Raises:
            DeviceMissing: with what the worker said.
        """
        code = self._process.poll()
        if code == NEEDED_MISSING or (not self._has_started() and not self.was_ended_from_outside()):
            raise DeviceMissing(f"Blender's worker can't run here:\n{self.log_tail().strip()}")

    def stop(self) -> None:
        """End the process: end of input first, then by force."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(BrokenPipeError):  # it is gone already, which is what was wanted
                self._process.stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._ready.close()

    def kill(self) -> None:
        """End the process now."""
        self._process.kill()
        self._process.wait()

    def _has_started(self) -> bool:
        """Whether Blender has said that it takes orders."""
        if not self._is_ready and not self._ready.closed:
            self._is_ready = bool(self._ready.read(1))
        return self._is_ready

    def _resident_gb(self) -> float:
        try:
            return self._memory.memory_info().rss / 2**30
        except psutil.NoSuchProcess:
            return 0.0


@contextmanager
def blender(assets: Path, settings: BlenderSettings, log_path: Path, lane: Lane) -> Iterator[BlenderProcess]:
    """A worker that is gone when the block ends, however it ends."""
    process = BlenderProcess(assets, settings, log_path, lane)
    try:
        yield process
    except BaseException:
        process.kill()
        process.stop()
        raise
    process.stop()
