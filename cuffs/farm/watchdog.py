"""A process of ours that stands still holds its tasks for ever: loky doesn't look. We do, and end it."""

import logging
import os
import platform
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import psutil

from cuffs.farm.status import workers_at
from cuffs.farm.workspace import Workspace

logger = logging.getLogger(__name__)

LOOK_S = 2.0
MARGIN_S = 60.0
"""On top of the time-out: an annotation that takes too long ends itself first, and says where."""


@contextmanager
def watchdog(workspaces: Sequence[Workspace], limit_s: float) -> Iterator[None]:
    """End children of this process that give no sign of life, while the block runs; the engine reports them as lost.

    Args:
        workspaces: where they work.
        limit_s: longest silence: the time-out of a scene and `MARGIN_S`.
    """
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(LOOK_S):
            for pid, silent_s in _silent(workspaces, limit_s):
                logger.warning("process %d has given no sign of life for %.0f s; ended", pid, silent_s)
                with suppress(ProcessLookupError):  # it has just ended, which is what was wanted
                    os.kill(pid, signal.SIGKILL)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()


def _silent(workspaces: Sequence[Workspace], limit_s: float) -> Iterator[tuple[int, float]]:
    """Children of ours that have been silent for longer."""
    for workspace in workspaces:
        for worker in workers_at(workspace):
            if worker.host == platform.node() and worker.silent_s > limit_s and _is_ours(worker.pid):
                yield worker.pid, worker.silent_s


def _is_ours(pid: int) -> bool:
    try:
        return psutil.Process(pid).ppid() == os.getpid()
    except psutil.NoSuchProcess:
        return False
