"""`cuffs assets`: clothes that a user adds."""

from pathlib import Path
from typing import Annotated

import tyro

from cuffs.assets import Refused, check_folder, keep, listed
from cuffs.assets.check import FREE
from cuffs.assets.dressing import middling_rest
from cuffs.errors import CheckFailed
from cuffs.places import cache_folder

Folder = Annotated[Path, tyro.conf.Positional]


def add_command(folder: Folder, plain: bool = False, licence: str | None = None) -> None:
    """Check a folder of MakeHuman's .mhclo clothes, shoes, hats and hair, and keep what can be used.

    Recipes wear them by name: wardrobe: {added: [NAME, …]}.

    Args:
        folder: Looked through with all folders in it.
        plain: Take clothes and shoes whose textures are missing; they get a procedural cloth.
        licence: Of files that don't name theirs.
    """
    cache = cache_folder()
    kept, refused = 0, 0
    for found in check_folder(folder, middling_rest(cache), is_plain=plain, licence=licence):
        if isinstance(found, Refused):
            refused += 1
            print(f"refused  {found.path.relative_to(folder)}\n  {found.why}")
            continue
        keep(found, cache)
        kept += 1
        note = "" if found.licence in FREE else "  (mind it: pictures may not be free)"
        print(f"added    {found.name}: {found.kind}{_for(found.wearer)}, {found.licence}{note}")
    print(f"{kept} added, {refused} refused. They are kept in {cache / 'added'}.")
    if refused:
        raise CheckFailed(f"{refused} assets of {folder} can't be used; the reasons stand above.")


def list_command() -> None:
    """List added assets with their licences."""
    found = listed(cache_folder())
    for asset in found:
        cover = "textured" if asset.texture is not None else "plain"
        print(
            f"{asset.name:32} {asset.kind}{_for(asset.wearer)}, {len(asset.faces)} triangles, {cover}, {asset.licence}"
        )
    if not found:
        print("No assets have been added. cuffs assets add FOLDER takes MakeHuman's .mhclo files.")


def _for(wearer: str) -> str:
    return f" for {wearer}s" if wearer else ""
