"""What scenes did to their Blender: counted across runs, so that a bad scene ends in quarantine and not in a loop."""

import faulthandler
import json
import os
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cuffs.codec import decode, encode
from cuffs.errors import RecordError
from cuffs.publish import explained, sync
from cuffs.records import SceneSpec

TRIES = 3
"""Times that a scene may fail before it is given up."""

DETAIL_CHARS = 4000

ROOM_BYTES = 16 * 2**20
"""More than one scene's files take."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One try of one scene that came to nothing."""

    key: str
    slot: int
    cause: str
    """blender_sigsegv, time_out, memory_cap, or the kind of error: asset_missing, runtime_error."""

    detail: str
    """The end of the log."""

    at_unix_s: float
    host: str
    pid: int


class Tries:
    """Failures of one chunk's scenes, kept in its work folder until the chunk is packed."""

    def __init__(self, work_folder: Path) -> None:
        self._folder = work_folder / "tries"
        with explained(self._folder):
            self._folder.mkdir(exist_ok=True)

    def add(self, failure: Failure) -> int:
        """Note a failure for good; how many the scene has now.

        Raises:
            OutputError: if the disk is full or not writable.
        """
        path = self._path(failure.key)
        with explained(path), path.open("a") as file:
            file.write(json.dumps(encode(failure)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return self.count(failure.key)

    def count(self, key: str) -> int:
        """How often a scene has failed."""
        return len(self.of(key))

    def of(self, key: str) -> list[Failure]:
        """How a scene has failed, oldest first."""
        return read_failures(self._path(key))

    @contextmanager
    def watching(self) -> Iterator["CrashTrace"]:
        """Have this process leave a trace if its own code crashes (a segmentation fault in a library, say).

        Traces that crashed processes left are turned into failures of the scenes they were at.
        """
        self._collect()
        with CrashTrace(self._folder) as trace:
            yield trace

    def _collect(self) -> None:
        for path in sorted(self._folder.glob("*.trace")):
            try:
                scene, detail = path.with_suffix(".scene").read_text(), path.read_text()
            except FileNotFoundError:
                continue  # its process has just ended as it should
            if detail and scene:  # empty: its process lives, or was killed from outside
                data = json.loads(scene)
                path.unlink(missing_ok=True)
                cause = "annotation_hung" if detail.startswith("Timeout") else "annotation_crashed"
                self.add(new_failure(data["key"], data["slot"], cause=cause, detail=detail))

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.jsonl"


class CrashTrace:
    """A file that stays empty unless this process crashes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{platform.node()}-{os.getpid()}.trace"

    def __enter__(self) -> "CrashTrace":
        with explained(self._path):
            self._file = self._path.open("w")
        faulthandler.enable(self._file)
        return self

    def __exit__(self, *_: object) -> None:
        faulthandler.disable()
        self._file.close()
        self._path.unlink(missing_ok=True)
        self._path.with_suffix(".scene").unlink(missing_ok=True)

    @contextmanager
    def at(self, spec: SceneSpec, timeout_s: float) -> Iterator[None]:
        """Say which scene the block is about. The process ends, with its trace, if the block doesn't in time.

        A library that hangs can't be interrupted from within, and would hold the whole run.
        """
        path = self._path.with_suffix(".scene")
        with explained(path):
            path.write_text(json.dumps({"key": spec.key, "slot": spec.slot}))
        faulthandler.dump_traceback_later(timeout_s, exit=True, file=self._file)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def new_failure(key: str, slot: int, *, cause: str, detail: str) -> Failure:
    """A failure here and now."""
    return Failure(
        key=key,
        slot=slot,
        cause=cause,
        detail=detail[-DETAIL_CHARS:],
        at_unix_s=round(time.time(), 3),
        host=platform.node(),
        pid=os.getpid(),
    )


def read_failures(path: Path) -> list[Failure]:
    """Whole lines of a file of failures; none where there is no file. A line cut short by a kill is left out."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return []
    found = []
    for line in text.splitlines():
        try:
            found.append(decode(Failure, json.loads(line), where=str(path), error=RecordError))
        except json.JSONDecodeError:
            continue
    return found


def require_room(folder: Path) -> None:
    """Raise where results can't be written: then no scene is at fault for what just failed.

    Raises:
        OutputError: saying what to do.
    """
    probe = folder / f".room-{os.getpid()}"
    with explained(folder):
        try:
            probe.write_bytes(bytes(ROOM_BYTES))
            sync(probe)
        finally:
            probe.unlink(missing_ok=True)
