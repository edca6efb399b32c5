"""Whether what Blender published is whole."""

import hashlib
import json
from pathlib import Path

from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.records import Capture


def require_whole_capture(folder: Path) -> None:
    """Hold every file of a capture against its hash.

    Raises:
        RecordError: naming the file that is missing or not what was written.
    """
    path = folder / "capture.json"
    try:
        capture = decode(Capture, json.loads(path.read_text()), where=str(path))
        for file in capture.files:
            if hashlib.sha256((folder / file.name).read_bytes()).hexdigest() != file.sha256:
                raise RecordError(f"{folder / file.name} is not what Blender wrote.")
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise RecordError(f"the capture in {folder} is damaged: {problem}") from problem
