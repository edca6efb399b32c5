"""AGORA's pickles, read without running their code and without their meshes."""

import pickle
import tempfile
from pathlib import Path
from typing import Any

from cuffs.errors import PoseFileError
from cuffs.foreign_tables import AGORA
from cuffs.unpickle import unpickle_plain
from pose_sources.agora.slim_pickle import slim_pickle

AGAIN = "Fetch it again from AGORA's site."
MAX_SLIM_BYTES = 2**30
"""No dataframe without its meshes is larger."""


def read_agora_pickle(path: Path) -> Any:
    """What a pickle of AGORA holds: plain data, arrays, a `Frame`. Arrays of meshes are empty.

    Raises:
        PoseFileError: if it is anything else, or damaged; no code of the file is run.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream, tempfile.SpooledTemporaryFile(max_size=2**26) as slim:

            def write(data: bytes) -> None:
                if slim.tell() + len(data) > MAX_SLIM_BYTES:
                    raise pickle.UnpicklingError(f"more than {MAX_SLIM_BYTES} bytes without its meshes")
                slim.write(data)

            slim_pickle(stream, size, write)
            slim.seek(0)
            return unpickle_plain(slim, further=AGORA)
    except OSError as problem:
        raise PoseFileError(f"{path} can't be read: {problem.strerror or problem}.") from problem
    except pickle.UnpicklingError as problem:
        raise PoseFileError(f"{path} can't be used: {problem}. {AGAIN}") from problem
