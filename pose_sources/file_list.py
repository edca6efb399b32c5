"""Which files of a folder a source reads: found by name, in a fixed order, none outside of the folder."""

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from cuffs.errors import PoseFileError


def list_files(root: Path, pattern: str, *, exclude: tuple[str, ...], what: str) -> Iterator[tuple[Path, str]]:
    """Files below a folder and their paths within it, in the order of the names; a file stands for itself.

    Args:
        root: a folder, or one file.
        pattern: of the files' names, `*.npz` say.
        exclude: patterns against the path within the folder, of files to leave out.
        what: is looked for, for messages.

    Raises:
        PoseFileError: if the place doesn't exist, or a link leads out of the folder.
    """
    if root.is_file():
        yield root, root.name
        return
    if not root.is_dir():
        raise PoseFileError(f"{root} is not there. `path` names {what}, or a folder of them.")
    inside = root.resolve()
    for path in sorted(root.rglob(pattern)):
        name = path.relative_to(root).as_posix()
        if any(fnmatch(name, one) for one in exclude) or not path.is_file():
            continue
        if not path.resolve().is_relative_to(inside):
            raise PoseFileError(
                f"{path} is a link that leads out of {root}. Copy the file, or leave it out with exclude."
            )
        yield path, name


def require_some(files: int, root: Path, what: str) -> None:
    """Refuse a folder without a file that can be read.

    Raises:
        PoseFileError: naming the folder and what should be in it.
    """
    if not files:
        raise PoseFileError(f"{root}: no {what} in it. Was the archive unpacked here?")


def inside(root: Path, name: str, *, where: str) -> Path:
    """The file that a data set names, where it lies below a folder.

    Args:
        root: the folder.
        name: a path that was found in a file, so perhaps a hostile one.
        where: it was found, for messages.

    Raises:
        PoseFileError: if it would leave the folder.
    """
    path = root / name
    if Path(name).is_absolute() or not path.resolve().is_relative_to(root.resolve()):
        raise PoseFileError(f"{where}: {name!r} leads out of {root}. Fetch the file again from its official place.")
    return path
