"""The folder that one task works in: its name says whose it is, so that others can tell who is at work."""

import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = ".batch-"


@contextmanager
def batch_folder(work_folder: Path) -> Iterator[Path]:
    """Lend a folder of this process's own for as long as the block runs."""
    prefix = f"{PREFIX}{platform.node()}-{os.getpid()}-"
    with tempfile.TemporaryDirectory(prefix=prefix, dir=work_folder, ignore_cleanup_errors=True) as name:
        yield Path(name)


def read_batch_owner(folder: Path) -> tuple[str, int] | None:
    """Host and process id of a folder's owner; None for a folder of another kind."""
    host, _, rest = folder.name.removeprefix(PREFIX).rpartition("-")[0].rpartition("-")
    return (host, int(rest)) if host and rest.isdigit() else None
