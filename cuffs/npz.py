"""Archives of plain arrays: written so that the same arrays give the same bytes, read without running code."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cuffs.errors import CuffsError, RecordError
from cuffs.publish import write_bytes

FIXED_DATE = (1980, 1, 1, 0, 0, 0)
MAX_ARRAY_BYTES = 2**31
"""No array of ours is larger; a header that claims more is a broken or hostile file."""


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """A compressed archive of arrays. Same arrays, same bytes: keys sorted, dates fixed.

    Raises:
        TypeError: if an array holds Python objects.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as archive:
        for name in sorted(arrays):
            array = np.asarray(arrays[name])
            if array.dtype.hasobject:
                raise TypeError(f"{name} holds Python objects")
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array).reshape(array.shape), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(name + ".npy", FIXED_DATE), member.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def write_npz(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write a compressed archive, whole or not at all.

    Raises:
        TypeError: if an array holds Python objects.
        OutputError: if it can't be written.
    """
    write_bytes(path, npz_bytes(arrays))


def read_npz(
    path: Path, *, only: frozenset[str] | None = None, error: type[CuffsError] = RecordError
) -> dict[str, np.ndarray]:
    """All arrays of an archive, or those named in `only`. Never unpickles.

    Args:
        path: the archive.
        only: names to read; others are not touched (they may hold objects). Names that aren't there are left out.
        error: what to raise for a bad file.

    Raises:
        CuffsError: of the given kind, naming the file and the array, for anything but a sound archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            wanted = members.keys() if only is None else members.keys() & only
            return {name: _read_member(archive, members[name], path, error) for name in sorted(wanted)}
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError, NotImplementedError) as problem:
        raise error(f"{path} is not a whole .npz archive ({problem}). Fetch or make it again.") from problem
    except FileNotFoundError as problem:
        raise error(f"{path} is not there.") from problem
    except IsADirectoryError as problem:
        raise error(f"{path} is a folder, not an .npz file.") from problem


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, error: type[CuffsError]) -> np.ndarray:
    name = info.filename
    if info.file_size > MAX_ARRAY_BYTES:
        raise error(f"{path}: {name} claims {info.file_size} bytes, more than any array here has.")
    try:
        with archive.open(info) as member:
            return np.lib.format.read_array(member, allow_pickle=False)
    except ValueError as problem:
        cause = "holds Python objects" if "pickle" in str(problem) or "Object" in str(problem) else str(problem)
        raise error(f"{path}: the array {name} can't be read: it {cause}.") from problem
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError) as problem:  # RuntimeError: encrypted
        raise error(
            f"{path}: the array {name} is cut short or damaged ({problem}). Fetch or make it again."
        ) from problem
