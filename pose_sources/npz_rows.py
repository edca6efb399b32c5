"""Rows of arrays in .npz archives, read one at a time: labels of a million people must not be loaded to draw one pose.

Archives written by `np.savez` store their arrays plainly, so a row lies at a known place of the file. Arrays that are
compressed (or stored by columns) can only be read whole; those read last are kept.
"""

import math
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from cuffs.errors import PoseFileError
from cuffs.npz import read_npz
from pose_sources.npz_index import AGAIN, ArrayHeader, read_headers

LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
"""What stands before a member's name in a zip archive (APPNOTE 4.3.7); last are the lengths of name and extra."""

KEPT_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True)
class Column:
    """An array whose rows can be read."""

    header: ArrayHeader
    offset: int | None
    """Where its first row lies in the file, bytes; None where it must be read whole."""

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return math.prod(self.header.shape[1:]) * self.header.dtype.itemsize


@dataclass(frozen=True, slots=True, eq=False)
class RowFile:
    """An archive whose arrays have one row a pose."""

    path: Path
    name: str
    """Path within the source's folder, for messages and origins."""

    num_rows: int
    columns: Mapping[str, Column]
    names: frozenset[str]
    """Of all arrays, those too that aren't read."""

    def __contains__(self, key: object) -> bool:
        return key in self.columns


@dataclass(slots=True)
class RowReader:
    """Reads rows. What it keeps changes how long reading takes, and nothing else."""

    limit_bytes: int = KEPT_BYTES
    kept: OrderedDict[tuple[Path, str], np.ndarray] = field(default_factory=OrderedDict)

    def read(self, file: RowFile, keys: Iterable[str], first: int, stop: int) -> dict[str, np.ndarray]:
        """Rows first to stop of some arrays, each with its leading axis. Keys that the file lacks are left out.

        Raises:
            PoseFileError: if the file became shorter or unreadable since it was opened.
        """
        found = {key: self._whole(file, key)[first:stop] for key in keys if key in file and self._must_whole(file, key)}
        try:
            with file.path.open("rb") as stream:
                for key in keys:
                    if key in file and key not in found:
                        column = file.columns[key]
                        stream.seek((column.offset or 0) + first * column.row_bytes)
                        found[key] = _array(file, key, stream.read((stop - first) * column.row_bytes), stop - first)
        except OSError as problem:
            raise PoseFileError(f"{file.path} can't be read: {problem.strerror or problem}.") from problem
        return found

    def _must_whole(self, file: RowFile, key: str) -> bool:
        return file.columns[key].offset is None

    def _whole(self, file: RowFile, key: str) -> np.ndarray:
        place = (file.path, key)
        if place not in self.kept:
            self.kept[place] = read_npz(file.path, only=frozenset({key}), error=PoseFileError)[key]
            while sum(array.nbytes for array in self.kept.values()) > self.limit_bytes and len(self.kept) > 1:
                self.kept.popitem(last=False)
        self.kept.move_to_end(place)
        return self.kept[place]


def _array(file: RowFile, key: str, data: bytes, rows: int) -> np.ndarray:
    header, column = file.columns[key].header, file.columns[key]
    if len(data) != rows * column.row_bytes:
        raise PoseFileError(f"{file.path}: the array {key} is cut short. {AGAIN}")
    return np.frombuffer(data, header.dtype).reshape(rows, *header.shape[1:])


def open_rows(path: Path, name: str, keys: frozenset[str], *, leading: str) -> RowFile:
    """Read the headers of an archive's arrays.

    Args:
        path: the archive.
        name: its path within the source's folder.
        keys: arrays that may be read later.
        leading: the array whose length is the number of rows; all of `keys` must have as many.

    Raises:
        PoseFileError: if the archive is damaged, lacks the leading array, or its arrays differ in length.
    """
    names, headers = read_headers(path, keys)
    if leading not in headers:
        raise PoseFileError(f"{path}: the array {leading!r} is missing; it holds {', '.join(sorted(names)[:12])}.")
    shape = headers[leading].shape
    if not shape or not shape[0]:
        raise PoseFileError(f"{path}: {leading} has shape {shape}: no rows. {AGAIN}")
    for key, header in headers.items():
        if header.shape[:1] != shape[:1]:
            raise PoseFileError(f"{path}: {key} has shape {header.shape}, but there are {shape[0]} rows of {leading}.")
    columns = {key: Column(header, None) for key, header in headers.items()}
    columns |= {key: Column(headers[key], offset) for key, offset in _offsets(path, headers).items()}
    return RowFile(path, name, shape[0], columns, names)


def _offsets(path: Path, headers: Mapping[str, ArrayHeader]) -> dict[str, int]:
    """Where the rows of plainly stored arrays begin."""
    found = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as stream:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        for key, header in headers.items():
            info = members[key]
            if info.compress_type != zipfile.ZIP_STORED or header.fortran or header.dtype.hasobject:
                continue
            stream.seek(info.header_offset)
            *_, name_bytes, extra_bytes = LOCAL_HEADER.unpack(stream.read(LOCAL_HEADER.size))
            size = math.prod(header.shape) * header.dtype.itemsize
            found[key] = info.header_offset + LOCAL_HEADER.size + name_bytes + extra_bytes + info.file_size - size
    return found
