"""Which body model is in use: the user's licensed file, else the open stand-in, built when it is missing."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cuffs.body.load import OPEN_NAME, load_body_model
from cuffs.body.model import BodyModel
from cuffs.places import assets_folder, cache_folder
from cuffs.publish import explained, publish_folder

logger = logging.getLogger(__name__)

LICENSED_PLACES = tuple(
    f"{folder}SMPLX_NEUTRAL.{ending}" for ending in ("npz", "pkl") for folder in ("", "smplx/", "models/smplx/")
)


def licensed_body_path() -> Path | None:
    """The user's own SMPL-X file under `CUFFS_ASSETS`; None where there is none."""
    folder = assets_folder()
    if folder is None:
        return None
    return next((folder / place for place in LICENSED_PLACES if (folder / place).is_file()), None)


def open_body_path(cache: Path) -> Path:
    """Where the open stand-in is kept; its folder is laid out as `smplx.create` wants it."""
    return cache / OPEN_NAME / "smplx" / "SMPLX_NEUTRAL.npz"


def find_body_model(cache: Path | None = None) -> BodyModel:
    """The body model in use. The open stand-in is built the first time it is needed, with progress.

    Args:
        cache: where built things are kept; the usual place if None.

    Raises:
        AssetBroken: if the user's file can't be used: it is never replaced silently by the open one.
        OutputError: if the open body can't be written into the cache.
    """
    licensed = licensed_body_path()
    if licensed is not None:
        return load_body_model(licensed)
    path = open_body_path(cache or cache_folder())
    if not path.exists():
        _build_once(path, cache or cache_folder())
    return load_body_model(path)


def _build_once(path: Path, cache: Path) -> None:
    """Build the open body unless another process is at it: then wait for that one's. Whole or not at all."""
    from cuffs.body.open_body import build_open_body

    folder = path.parent.parent
    with explained(folder):
        cache.mkdir(parents=True, exist_ok=True)
    with _alone(cache / f"{OPEN_NAME}.lock"):
        if path.exists():
            return
        with publish_folder(folder) as scratch:
            (scratch / path.parent.name).mkdir()
            build_open_body(scratch / path.relative_to(folder), cache)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock that the system lets go when its holder dies."""
    with explained(lock), lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            logger.warning("another process is building the open body: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
