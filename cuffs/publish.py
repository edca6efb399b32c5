"""A result is there whole or not at all: scratch, fsync, rename. Needs only the standard library."""

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cuffs.errors import OutputError


@contextmanager
def publish_folder(final: Path) -> Iterator[Path]:
    """Lend a scratch folder that becomes `final` when the block succeeds and vanishes when not.

    A reader sees a whole result or none, however the writer dies. If another writer was first, its result stays and
    ours is dropped: all writers of one place write the same thing. The parent folder must exist: a writer that
    outlived its run must not bring a finished run's scratch space back.

    Raises:
        OutputError: if the disk is full or the folder can't be written.
    """
    scratch = final.with_name(f".{final.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    with explained(final):
        scratch.mkdir()
        try:
            yield scratch
            for path in sorted(scratch.rglob("*")):
                sync(path)
            sync(scratch)
            try:
                scratch.rename(final)
            except OSError as problem:
                if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST) or not final.is_dir():
                    raise
                shutil.rmtree(scratch)
            sync(final.parent)
        except BaseException:
            shutil.rmtree(scratch, ignore_errors=True)
            raise


@contextmanager
def publish_file(final: Path) -> Iterator[Path]:
    """Lend a scratch path that becomes the file `final` when the block succeeds; an older one is replaced at once.

    Raises:
        OutputError: if the disk is full or the folder can't be written.
    """
    scratch = final.with_name(f".{final.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    with explained(final):
        try:
            yield scratch
            sync(scratch)
            scratch.rename(final)
            sync(final.parent)
        finally:
            scratch.unlink(missing_ok=True)


def write_bytes(final: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with publish_file(final) as scratch:
        scratch.write_bytes(data)


def sync(path: Path) -> None:
    """Have the disk hold what the system was told: a power cut must not leave a renamed but empty file."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def explained(final: Path) -> Iterator[None]:
    """Turn the system's errors about writing `final` into one that says what to do."""
    try:
        yield
    except OSError as problem:
        remedies = {
            errno.ENOSPC: "the disk is full: free space and run the same command again",
            errno.EDQUOT: "the disk quota is used up: free space and run the same command again",
            errno.EACCES: "no permission to write there: choose another folder or change its rights",
            errno.EPERM: "no permission to write there: choose another folder or change its rights",
            errno.EROFS: "the disk is mounted read-only: choose another folder",
            errno.ENOTDIR: "a file stands where a folder should be: choose another folder",
            errno.EEXIST: "a file stands where a folder should be: choose another folder",
        }
        if problem.errno in remedies:
            raise OutputError(f"can't write {final}: {remedies[problem.errno]} ({problem.strerror}).") from problem
        raise
