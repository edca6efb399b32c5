"""The HumGen3D add-on, enabled in this process and in this process alone.

The add-on is copied into a scratch folder and enabled from there: workers don't share its settings, it writes nowhere
else, and whatever the user's Blender is set to plays no part.
"""

import importlib
import logging
import os
import shutil
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import bpy

from cuffs.errors import UnavailableError
from cuffs.humgen3d.addon import NAME, AddOn, find_addon
from cuffs.humgen3d.content import content_folder, require_content

logger = logging.getLogger(__name__)

NOT_NEEDED = shutil.ignore_patterns(".git", "wheels", "tests", "__pycache__")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Studio:
    """Where humans are made."""

    module: ModuleType
    """The add-on's."""

    root: Path
    """The content."""

    scratch: tempfile.TemporaryDirectory[str]
    """Goes when this goes."""


def start_studio(root: Path | None = None, addon: AddOn | None = None) -> Studio:
    """Enable the add-on and show it the content. Once a process, after factory settings and before anything is built.

    Args:
        root: the content; None: what `CUFFS_HUMGEN3D` says.
        addon: None: what `CUFFS_HUMGEN3D_ADDON` says.

    Raises:
        AssetMissing: if content or add-on isn't there.
        UnavailableError: if the add-on can't be enabled; with what it said.
    """
    root = (root or content_folder()).resolve()
    require_content(root)
    addon = addon or find_addon()
    if problem := addon.problem_with(bpy.app.version_string):
        raise UnavailableError(f"HumGen3D can't be used: {problem}.\n  add-on: {addon.path}")
    scratch = tempfile.TemporaryDirectory(prefix="cuffs-humgen3d-")
    os.environ["BLENDER_USER_RESOURCES"] = scratch.name
    _copy(addon, Path(scratch.name) / "code" / NAME)
    sys.path.insert(0, str(Path(scratch.name) / "code"))
    module = _enabled()
    preferences = bpy.context.preferences.addons[NAME].preferences
    preferences.filepath = f"{root}{os.sep}"  # parts of the add-on join by plain concatenation
    for name, value in (("skip_url_request", True), ("auto_check_update", False), ("remove_clothes", True)):
        if hasattr(preferences, name):
            setattr(preferences, name, value)
    logger.info("HumGen3D %s with content at %s", addon.version_string, root)
    return Studio(module=module, root=root, scratch=scratch)


def _copy(addon: AddOn, target: Path) -> None:
    if addon.path.is_dir():
        shutil.copytree(addon.path, target, ignore=NOT_NEEDED)
        return
    with zipfile.ZipFile(addon.path) as file:
        for entry in file.infolist():
            name = entry.filename.removeprefix(addon.inner)
            if (
                entry.is_dir()
                or (name == entry.filename and addon.inner)
                or name.startswith(("wheels/", "tests/", ".git"))
            ):
                continue
            path = (target / name).resolve()
            if not path.is_relative_to(target.resolve()):
                raise UnavailableError(f"{addon.path}: {entry.filename!r} leads out of the archive.")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.read(entry))


def _enabled() -> ModuleType:
    """The add-on's module, registered.

    Raises:
        UnavailableError: with what stood in the way.
    """
    import addon_utils

    reasons: list[str] = []
    addon_utils.enable(NAME, default_set=True, handle_error=lambda problem: reasons.append(repr(problem)))
    if NAME not in bpy.context.preferences.addons or reasons:
        said = "; ".join(reasons) or "Blender says no more"
        hint = "\n  to fix it: pip install 'cuffs[humgen3d]'" if "requests" in said else ""
        raise UnavailableError(f"HumGen3D can't be enabled in Blender {bpy.app.version_string}: {said}{hint}")
    return importlib.import_module(NAME)
