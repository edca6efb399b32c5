"""The folder that one task works in: its name says whose it is, so that others can tell who is at work."""

import os
import platform
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cuffs.publish import explained

PREFIX = ".batch-"

BEAT_S = 2.0


@contextmanager
def batch_folder(work_folder: Path) -> Iterator[Path]:
    """Lend a folder of this process's own for as long as the block runs."""
    prefix = f"{PREFIX}{platform.node()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=work_folder, ignore_cleanup_errors=True) as name:
        yield Path(name)


class Heartbeat:
    """Marks a task's folder as in use, every now and then."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._last = folder, 0.0

    def __call__(self) -> None:
        """Give a sign of life.

        Raises:
            OutputError: if the folder can't be written any more.
        """
        if time.monotonic() - self._last >= BEAT_S:
            self._last = time.monotonic()
            with explained(self._folder):
                os.utime(self._folder)


def read_batch_owner(folder: Path) -> tuple[str, int] | None:
    """Host and process id of a folder's owner; None for a folder of another kind."""
    host, _, rest = folder.name.removeprefix(PREFIX).rpartition("-")[0].rpartition("-")
    return (host, int(rest)) if host and rest.isdigit() else None
