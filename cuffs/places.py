"""Where files are kept: the user's licensed assets and our own cache."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Folder for what is built once and reused: `CUFFS_CACHE`, else `~/.cache/cuffs`. Not created here."""
    return Path(os.environ.get("CUFFS_CACHE") or Path.home() / ".cache" / "cuffs")


def assets_folder() -> Path | None:
    """Folder with the files that the user has a licence for: `CUFFS_ASSETS`; None when unset."""
    found = os.environ.get("CUFFS_ASSETS")
    return Path(found) if found else None
