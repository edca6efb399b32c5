"""What an .npz archive holds, from its headers alone: opening thousands of recordings must not read them."""

import math
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cuffs.errors import PoseFileError

MAX_MEMBERS = 1000
"""A motion file has about twenty arrays; one that claims this many is something else."""

BOMB_BYTES = 64 * 2**20
BOMB_RATIO = 100
"""A compressed array that is larger than the first and shrank by more than the second holds nothing: poses don't."""

AGAIN = "Fetch or make it again."


@dataclass(frozen=True, slots=True)
class ArrayHeader:
    """Shape and type of an array that wasn't read."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool = False
    """Whether it is stored by columns."""


def read_headers(path: Path, only: frozenset[str]) -> tuple[frozenset[str], dict[str, ArrayHeader]]:
    """The names of all arrays of an archive, and the headers of some.

    Args:
        path: the archive.
        only: names whose headers are read, where they are there.

    Raises:
        PoseFileError: if it isn't a sound archive, or a header is damaged or claims more than the archive holds.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            if len(members) > MAX_MEMBERS:
                raise PoseFileError(f"{path} holds {len(members)} arrays; no motion file has that many.")
            wanted = sorted(members.keys() & only)
            return frozenset(members), {name: _read_header(archive, members[name], path) for name in wanted}
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as problem:
        raise PoseFileError(f"{path} is not a whole .npz archive ({problem}). {AGAIN}") from problem
    except OSError as problem:
        raise PoseFileError(f"{path} can't be read: {problem.strerror or problem}.") from problem


def _read_header(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> ArrayHeader:
    if info.file_size > max(BOMB_BYTES, BOMB_RATIO * info.compress_size):
        raise PoseFileError(
            f"{path}: the array {info.filename} grows from {info.compress_size} to {info.file_size} bytes. "
            "No recording does; it looks made to fill memory."
        )
    try:
        with archive.open(info) as member:
            version = np.lib.format.read_magic(member)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(f"has the unknown header version {version}")
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, fortran, dtype = read(member)
            size = math.prod(shape) * dtype.itemsize + member.tell()
    except (ValueError, zlib.error, EOFError, zipfile.BadZipFile) as problem:
        raise PoseFileError(
            f"{path}: the array {info.filename} is damaged ({problem}). Fetch or make it again."
        ) from problem
    if not dtype.hasobject and size != info.file_size:
        raise PoseFileError(
            f"{path}: the array {info.filename} says it is {shape} {dtype}, but has {info.file_size} bytes. {AGAIN}"
        )
    return ArrayHeader(shape, dtype, fortran)
