"""How far a run is, for whoever waits for it: counted on disk, whatever engine does the work."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tqdm import tqdm

from cuffs.farm.workspace import Workspace
from cuffs.plan import Plan

LOOK_S = 2.0
LINE_S = 15.0


class Progress:
    """A bar with rate and ETA on a terminal, plain lines in a log."""

    def __init__(self, what: str, total: int, *, done: int = 0, log: Callable[[str], None], terminal: bool) -> None:
        self._what, self._total, self._log, self._first = what, total, log, done
        self._bar = tqdm(total=total, initial=done, desc=what, unit="scene", smoothing=0.1) if terminal else None
        self._started = self._last_line = time.monotonic()
        self._done = done

    def update(self, done: int) -> None:
        """Tell how many are done."""
        if self._bar is not None:
            self._bar.update(done - self._done)
        self._done = done
        now = time.monotonic()
        if self._bar is None and (now - self._last_line > LINE_S or done == self._total):
            self._last_line = now
            rate = (done - self._first) / max(now - self._started, 1e-9)
            eta = f"{(self._total - done) / rate:.0f} s left" if rate > 0 else "no rate yet"
            self._log(f"{self._what}: {done}/{self._total}, {rate * 3600:.0f} an hour, {eta}")

    def close(self) -> None:
        """Finish the bar's line."""
        if self._bar is not None:
            self._bar.close()


class SlotCounter:
    """How many slots of some chunks are finished; only folders that have changed are read again."""

    def __init__(self, plan: Plan, workspaces: Sequence[Workspace]) -> None:
        self._plan, self._open = plan, list(workspaces)
        self._packed = 0
        self._seen: dict[int, tuple[int, int]] = {}

    def count(self) -> int:
        """Finished by now."""
        for workspace in [workspace for workspace in self._open if workspace.is_packed()]:
            self._packed += len(self._plan.slots(workspace.chunk))
            self._open.remove(workspace)
        return self._packed + sum(self._count_open(workspace) for workspace in self._open)

    def _count_open(self, workspace: Workspace) -> int:
        try:
            changed = workspace.folder.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
        known = self._seen.get(workspace.chunk)
        if known is None or known[0] != changed:
            known = (changed, len(workspace.finished_slots()))
            self._seen[workspace.chunk] = known
        return known[1]


@contextmanager
def watched(plan: Plan, workspaces: Sequence[Workspace], tell: Callable[[int], None]) -> Iterator[None]:
    """Tell how many slots are finished, every now and then while the block runs and once at its end."""
    counter = SlotCounter(plan, workspaces)
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(LOOK_S):
            tell(counter.count())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        stop.set()
        watcher.join()
    tell(counter.count())
