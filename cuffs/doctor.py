"""What this machine has of what the commands need, and what to do about the rest."""

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cuffs.body import load_body_model
from cuffs.body.find import licensed_body_path, open_body_path
from cuffs.errors import UnavailableError
from cuffs.places import assets_folder

Level = Literal["ok", "note", "broken"]

LEAST_FREE_GB = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    level: Level
    what: str
    detail: str


def examine(cache: Path) -> Iterator[Finding]:
    """Look at Python, Blender, the body model, and disk space; nothing is changed or built."""
    yield Finding(level="ok", what="Python", detail=f"{sys.version.split()[0]} at {sys.executable}")
    yield _package("bpy", "rendering needs it: pip install 'cuffs[render]' (Python 3.11)")
    yield _package("anny", "open characters and the open body need it: pip install 'cuffs[open]'")
    yield _package("torch", "open characters and training need it: pip install 'cuffs[open]'")
    yield _body(cache)
    free_gb = shutil.disk_usage(_existing(cache)).free / 2**30
    level: Level = "ok" if free_gb > LEAST_FREE_GB else "note"
    yield Finding(level=level, what="disk", detail=f"{free_gb:.0f} GB free for the cache at {cache}")


def _package(name: str, remedy: str) -> Finding:
    if importlib.util.find_spec(name) is None:
        return Finding(level="broken", what=name, detail=f"not installed; {remedy}")
    return Finding(level="ok", what=name, detail=importlib.metadata.version(name))


def _body(cache: Path) -> Finding:
    """Which body model is in use, and what is wrong with a bad one."""
    licensed = licensed_body_path()
    if licensed is None and not open_body_path(cache).exists():
        where = f"CUFFS_ASSETS is {assets_folder()}" if assets_folder() else "CUFFS_ASSETS is not set"
        detail = f"none yet ({where}, no SMPLX_NEUTRAL.npz there); the open body is built when first needed"
        return Finding(level="note", what="body model", detail=detail)
    path = licensed or open_body_path(cache)
    try:
        model = load_body_model(path)
    except UnavailableError as problem:
        return Finding(level="broken", what="body model", detail=str(problem))
    kind = "your licensed file" if licensed else "the open stand-in; set CUFFS_ASSETS to use SMPLX_NEUTRAL.npz"
    detail = f"{model.name} ({kind})\n  file: {path}\n  sha256 of its arrays: {model.sha256}"
    return Finding(level="ok", what="body model", detail=detail)


def _existing(path: Path) -> Path:
    return next(folder for folder in (path, *path.parents) if folder.exists())
