"""Uncompressed OpenEXR files as Blender writes them, read with numpy alone.

Format: "Technical introduction to OpenEXR", scanline files: a header of attributes, a table of offsets, then for each
row its number, its size, and the channels one after the other in the header's (alphabetical) order.
"""

import struct
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.errors import RecordError

MAGIC = 20000630
TYPES = {1: np.dtype("<f2"), 2: np.dtype("<f4")}


def read_exr(path: Path) -> dict[str, Float[np.ndarray, "height width"]]:
    """All channels by name, float32, first row on top.

    Raises:
        RecordError: if it isn't an uncompressed scanline file of half or full floats.
    """
    data = path.read_bytes()
    try:
        return _channels(data, path)
    except (struct.error, ValueError, KeyError) as problem:
        raise RecordError(f"{path} is not an EXR file that is read here: {problem}") from problem


def _channels(data: bytes, path: Path) -> dict[str, Float[np.ndarray, "height width"]]:
    magic, version = struct.unpack_from("<II", data)
    if magic != MAGIC or version & 0x1A00:  # tiles, deep data, several parts
        raise RecordError(f"{path} is not a single-part scanline EXR file.")
    attributes, start = _header(data)
    if attributes["compression"] != b"\0":
        raise RecordError(f"{path} is compressed.")
    left, top, right, bottom = struct.unpack("<4i", attributes["dataWindow"])
    width, height = right - left + 1, bottom - top + 1
    channels = list(_channel_list(attributes["channels"]))
    row_type = np.dtype([("y", "<i4"), ("size", "<i4"), *((name, kind, (width,)) for name, kind in channels)])
    rows = np.frombuffer(data, row_type, count=height, offset=start + 8 * height)
    if not np.array_equal(rows["y"], np.arange(top, bottom + 1)):
        raise RecordError(f"{path} has its rows out of order.")
    return {name: rows[name].astype(np.float32) for name, _ in channels}


def _header(data: bytes) -> tuple[dict[str, bytes], int]:
    """Attributes by name, and where they end."""
    found, place = {}, 8
    while data[place] != 0:
        name, place = _text(data, place)
        _, place = _text(data, place)
        (size,) = struct.unpack_from("<i", data, place)
        found[name] = data[place + 4 : place + 4 + size]
        place += 4 + size
    return found, place + 1


def _channel_list(data: bytes) -> list[tuple[str, np.dtype]]:
    found, place = [], 0
    while data[place] != 0:
        name, place = _text(data, place)
        kind, _, across, down = struct.unpack_from("<iiii", data, place)
        if across != 1 or down != 1:
            raise RecordError(f"the channel {name} is subsampled.")
        found.append((name, TYPES[kind]))
        place += 16
    return found


def _text(data: bytes, place: int) -> tuple[str, int]:
    end = data.index(b"\0", place)
    return data[place:end].decode("latin-1"), end + 1
