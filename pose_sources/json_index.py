"""Where the members of a huge JSON file lie, so that one can be read alone.

Annotations of a million frames are gigabytes of text, and many times that as Python objects.

Only brackets and strings are looked at; what lies between them is left to the json module when a member is read.
"""

import json
import mmap
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from cuffs.errors import PoseFileError

AGAIN: Final = "Fetch or unpack it again."
TOKENS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["{}\[\]]', re.DOTALL)
"""Whole strings and brackets; a quotation mark alone is one that is never closed."""

DROP_BYTES: Final = 2**26
"""Pages of the file are given back to the system after so many bytes."""

MAX_MEMBER_BYTES: Final = 2**20
"""No annotation is larger; one that claims to be is damaged or hostile."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object or a list."""

    key: str
    """Empty in a list."""

    start: int
    stop: int
    """Of its value, bytes in the file."""


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A JSON file that is open for reading."""

    path: Path
    view: mmap.mmap

    def members(self, start: int = 0, stop: int | None = None) -> Iterator[Member]:
        """Those members of an object or list that are objects or lists themselves, in the file's order.

        Args:
            start: anywhere before its opening bracket, behind all earlier ones.
            stop: its end, where it is known.

        Raises:
            PoseFileError: if brackets or strings don't close.
        """
        depth, key, begin, dropped = 0, "", start, start - start % mmap.PAGESIZE
        for token in TOKENS.finditer(self.view, start, len(self.view) if stop is None else stop):
            first = self.view[token.start()]
            if first in b"{[":
                depth += 1
                begin = token.start() if depth == 2 else begin
            elif first in b"}]":
                depth -= 1
                if depth == 1:
                    yield Member(key, begin, token.end())
                    key = ""
                if depth == 0:
                    return
            elif token.end() == token.start() + 1:
                break
            elif depth == 1:
                key = self.text(token.start(), token.end())
            if token.start() - dropped > DROP_BYTES:
                size = (token.start() - dropped) // mmap.PAGESIZE * mmap.PAGESIZE
                self.view.madvise(mmap.MADV_DONTNEED, dropped, size)
                dropped += size
        raise PoseFileError(f"{self.path} is no whole JSON file: it ends within brackets or a string. {AGAIN}")

    def text(self, start: int, stop: int) -> str:
        """A string of the file."""
        if stop - start > 4096:
            raise PoseFileError(f"{self.path}: a key of {stop - start} bytes. {AGAIN}")
        return str(parse(self.view[start:stop], self.path, start))


def parse(data: bytes, path: Path, start: int) -> Any:
    """What a part of a JSON file says.

    Args:
        data: the bytes.
        path: the file, for messages.
        start: where they lie in it, for messages.

    Raises:
        PoseFileError: if they are no JSON, or more than any annotation.
    """
    if len(data) > MAX_MEMBER_BYTES:
        raise PoseFileError(f"{path}: a member of {len(data)} bytes at byte {start}. {AGAIN}")
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as problem:  # ValueError: json's own, and bytes that are no text
        raise PoseFileError(f"{path} is no whole JSON file near byte {start}: {problem}. {AGAIN}") from problem


@contextmanager
def open_json(path: Path) -> Iterator[JsonFile]:
    """A JSON file, mapped into memory for as long as it is needed.

    Raises:
        PoseFileError: if it can't be read, or is empty.
    """
    try:
        with path.open("rb") as stream:
            if not path.stat().st_size:
                raise PoseFileError(f"{path} is empty. {AGAIN}")
            view = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as problem:
        raise PoseFileError(f"{path} can't be read: {problem.strerror or problem}.") from problem
    try:
        yield JsonFile(path, view)
    finally:
        view.close()


def read_part(path: Path, start: int, stop: int) -> Any:
    """What a part of a JSON file says that was found earlier.

    Raises:
        PoseFileError: if the file is gone, or another one by now, or the part is larger than any annotation.
    """
    if stop - start > MAX_MEMBER_BYTES:
        raise PoseFileError(f"{path}: a member of {stop - start} bytes at byte {start}. {AGAIN}")
    try:
        with path.open("rb") as stream:
            stream.seek(start)
            data = stream.read(stop - start)
    except OSError as problem:
        raise PoseFileError(f"{path} can't be read: {problem.strerror or problem}.") from problem
    return parse(data, path, start)


def numbers(data: Any, count: int, where: str, remedy: str) -> Float[np.ndarray, " count"]:
    """So many finite numbers, in whatever nesting.

    Raises:
        PoseFileError: naming the place and what was found there.
    """
    if data is None:
        raise PoseFileError(f"{where} is missing. {remedy}")
    try:
        array = np.asarray(data, np.float64).ravel()
    except (TypeError, ValueError):
        raise PoseFileError(f"{where} holds something else than numbers. {remedy}") from None
    if len(array) != count:
        raise PoseFileError(f"{where} has {len(array)} numbers, but must have {count}. {remedy}")
    if not np.isfinite(array).all():
        raise PoseFileError(f"{where} holds {int((~np.isfinite(array)).sum())} values that are not finite. {remedy}")
    return array
