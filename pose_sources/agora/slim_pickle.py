"""Large pickles made small while they are read: arrays of a mesh's vertices are left out.

AGORA's dataframes hold every person's 10 475 vertices, gigabytes a file, that nothing here needs. A pickle is a list of
instructions; those that carry a mesh's bytes are copied with none, all others as they are. The stream is read once, in
constant memory. On the way instructions are refused that would fill memory by themselves.
"""

import pickle
import pickletools
import struct
from collections.abc import Callable, Mapping
from typing import IO, Final, cast

from cuffs.skeleton import NUM_VERTS
from cuffs.unpickle import ByteStream

SMPL_VERTS: Final = 6890
MESH_NUMBERS: Final = (3 * NUM_VERTS, 3 * SMPL_VERTS)

EMPTY: Final[Mapping[str, bytes]] = {
    "BINBYTES": pickle.BINBYTES + struct.pack("<I", 0),
    "BINBYTES8": pickle.BINBYTES8 + struct.pack("<Q", 0),
    "BYTEARRAY8": pickle.BYTEARRAY8 + struct.pack("<Q", 0),
    "BINUNICODE": pickle.BINUNICODE + struct.pack("<I", 0),
    "BINUNICODE8": pickle.BINUNICODE8 + struct.pack("<Q", 0),
}
"""Instructions that carry bytes, with none. Old protocols have bytes as text, a character a byte."""

MEMO: Final = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})


class _Recorder:
    """A stream that remembers what was read of it."""

    def __init__(self, stream: ByteStream) -> None:
        self.stream = stream
        self.parts: list[bytes] = []
        self.place = 0

    def _keep(self, data: bytes) -> bytes:
        self.parts.append(data)
        self.place += len(data)
        return data

    def read(self, size: int) -> bytes:
        return self._keep(self.stream.read(size))

    def readline(self) -> bytes:
        return self._keep(self.stream.readline())

    def tell(self) -> int:
        return self.place

    def taken(self) -> bytes:
        """What was read since the last call."""
        data = b"".join(self.parts)
        self.parts.clear()
        return data


def slim_pickle(stream: ByteStream, size: int, write: Callable[[bytes], object]) -> None:
    """Copy a pickle without the bytes of meshes.

    Args:
        stream: the pickle.
        size: its bytes; no more things can be in it.
        write: takes the copy piece by piece.

    Raises:
        UnpicklingError: if it is no whole pickle, or numbers more things than it can hold.
    """
    recorder = _Recorder(stream)
    try:
        for code, argument, _ in pickletools.genops(cast(IO[bytes], recorder)):
            data = recorder.taken()
            if code.name == "FRAME":
                continue  # frames give lengths, which change
            if code.name in MEMO and int(argument or 0) > size:
                raise pickle.UnpicklingError(f"it numbers {argument} things, more than fit into it")
            write(EMPTY[code.name] if code.name in EMPTY and _is_mesh(argument) else data)
    except (ValueError, struct.error, OverflowError, MemoryError, EOFError) as problem:
        raise pickle.UnpicklingError(f"damaged ({problem})") from problem


def _is_mesh(argument: object) -> bool:
    """Whether bytes are a mesh's, by their number: nothing else of AGORA has as many."""
    if not isinstance(argument, (bytes, bytearray, str)) or not argument:
        return False
    return any(len(argument) == width * numbers for numbers in MESH_NUMBERS for width in (2, 4, 8))
