"""Text files from outside: sized, decoded, and never leading out of their folder."""

from pathlib import Path

from cuffs.errors import AssetBroken, AssetMissing

MOST_BYTES = 64 * 2**20
"""Larger text files are refused unread: MakeHuman's largest clothes have 2 MB."""

MOST_LINES = 2_000_000


def read_lines(path: Path, what: str) -> list[str]:
    """Lines of a text file, without their ends.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: if it is too large, or no text.
    """
    if not path.is_file():
        raise AssetMissing(what, path, "put the file back, or leave its asset out")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise AssetBroken(
            what, path, f"it has {size / 2**20:.0f} MB, more than {MOST_BYTES // 2**20}", "use a smaller mesh"
        )
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as problem:
        raise AssetBroken(what, path, f"it is no text: {problem.reason}", "fetch the asset again") from None
    if len(lines) > MOST_LINES:
        raise AssetBroken(what, path, f"it has {len(lines)} lines, more than {MOST_LINES}", "use a smaller mesh")
    return lines


def beside(path: Path, name: str, what: str) -> Path:
    """A file that an asset's file names, which must lie in the asset's own folder.

    Raises:
        AssetBroken: if the name leads out of it.
    """
    root = path.parent.resolve()
    found = (root / name.strip().replace("\\", "/")).resolve()
    if not name.strip() or "\0" in name or not found.is_relative_to(root):
        raise AssetBroken(what, path, f"it names {name!r}, which lies outside of its folder", "fetch the asset again")
    return found
