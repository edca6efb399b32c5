"""The HumGen3D add-on as files: where it is, its version, and whether it goes with a Blender. Nothing is imported.

The add-on's code is GPL and stays where the user put it.
"""

import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from cuffs.errors import AssetBroken, AssetMissing

VARIABLE = "CUFFS_HUMGEN3D_ADDON"
NAME = "HumGen3D"
"""The folder must be called so: the add-on imports itself by this name."""

LEAST_VERSION = (4, 0, 30)
"""What the adapter was written against: 4.0.31, which calls itself 4.0.30."""

KNOWN_PAIRS: dict[tuple[int, ...], tuple[str, ...]] = {(4, 0, 30): ("4.5", "5.0")}
"""Versions of add-on and Blender that were run together, on generated content."""

REMEDY = (
    f"get the add-on (github.com/OliverJPost/HumGen3D, or with your purchase) and set {VARIABLE} to its zip "
    "or to its folder"
)
BIGGEST_FILE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOn:
    """An add-on that can be read."""

    path: Path
    """Its folder, the one with `__init__.py`, or a zip."""

    inner: str
    """Within a zip: the folder that holds it, with a slash; else empty."""

    version: tuple[int, ...]
    knows_blender_5: bool

    @property
    def version_string(self) -> str:
        """With dots."""
        return ".".join(map(str, self.version))

    def problem_with(self, blender: str) -> str | None:
        """Why this add-on can't be used with a Blender; None where nothing is known against it.

        Args:
            blender: its version, as in "4.5.1".
        """
        if self.version < LEAST_VERSION:
            least = ".".join(map(str, LEAST_VERSION))
            return f"version {self.version_string} is too old; {least} or later is needed"
        if int(blender.split(".")[0]) >= 5 and not self.knows_blender_5:
            return f"this copy doesn't know Blender {blender}; 4.0.31 or later does"
        return None

    def was_run_with(self, blender: str) -> bool:
        """Whether just this pair was tried when this was written."""
        return ".".join(blender.split(".")[:2]) in KNOWN_PAIRS.get(self.version, ())


def find_addon(path: Path | None = None) -> AddOn:
    """Look at an add-on.

    Args:
        path: folder or zip; None: what `CUFFS_HUMGEN3D_ADDON` says.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: if it isn't this add-on.
    """
    if path is None:
        value = os.environ.get(VARIABLE)
        if not value:
            raise AssetMissing("The HumGen3D add-on", Path(f"${VARIABLE}"), REMEDY)
        path = Path(value)
    if not path.exists():
        raise AssetMissing("The HumGen3D add-on", path, REMEDY)
    inner, start = _in_zip(path) if path.is_file() else _in_folder(path)
    found = re.search(r"[\"']version[\"']\s*:\s*\(([\d,\s]+)\)", start)
    if not found or "bl_info" not in start:
        raise AssetBroken("The HumGen3D add-on", path, "its __init__.py names no version (no bl_info)", REMEDY)
    folder = path if path.is_dir() and (path / "__init__.py").exists() else path / NAME
    return AddOn(
        path=path if path.is_file() else folder,
        inner=inner,
        version=tuple(int(part) for part in found[1].split(",") if part.strip()),
        knows_blender_5="(5, 0, 0)" in _text(path, folder, inner, "human/pose/pose.py"),
    )


def _in_folder(path: Path) -> tuple[str, str]:
    for folder in (path, path / NAME):
        if (folder / "__init__.py").is_file() and (folder / "human" / "human.py").is_file():
            return "", (folder / "__init__.py").read_text(encoding="utf-8", errors="replace")
    what = "it holds no __init__.py and human/human.py"
    if (path / "content_packs").is_dir():
        what += "; it looks like the content, which goes into CUFFS_HUMGEN3D"
    raise AssetBroken("The HumGen3D add-on", path, what, REMEDY)


def _in_zip(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as file:
            ends = [name for name in file.namelist() if name.endswith("human/human.py") and name.count("/") <= 3]
            if not ends:
                raise AssetBroken("The HumGen3D add-on", path, "the zip holds no human/human.py", REMEDY)
            inner = min(ends, key=len).removesuffix("human/human.py")
            return inner, _member(file, f"{inner}__init__.py")
    except (zipfile.BadZipFile, KeyError) as problem:
        raise AssetBroken("The HumGen3D add-on", path, f"not a whole zip of it ({problem})", REMEDY) from None


def _member(file: zipfile.ZipFile, name: str) -> str:
    with file.open(name) as member:
        return member.read(BIGGEST_FILE).decode(errors="replace")


def _text(path: Path, folder: Path, inner: str, name: str) -> str:
    """A file of the add-on; empty if it has none of this name."""
    if path.is_file():
        with zipfile.ZipFile(path) as file:
            return _member(file, inner + name) if inner + name in file.namelist() else ""
    return (folder / name).read_text(encoding="utf-8", errors="replace") if (folder / name).is_file() else ""
