"""Reading a folder of MakeHuman's assets, and refusing what can't be used, each by its name and reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.assets.clothes_file import ClothesFile, read_clothes
from cuffs.assets.material_file import Picture, read_material, require_picture
from cuffs.assets.obj_file import read_obj
from cuffs.assets.store import NAME_ALPHABET, StoredAsset
from cuffs.assets.text_file import beside
from cuffs.errors import AssetBroken, CuffsError, UnavailableError
from cuffs.publish import explained

Array = np.ndarray

TALLEST_M, FARTHEST_M = 2.6, 0.6
"""On the middling person: how high a garment may be, and how far from the body."""

SMALLEST_M = 0.01
SKIPPED = frozenset({"eyebrows", "eyelashes", "teeth", "tongue", "eyes", "proxymeshes", "poses", "expressions"})
"""Folders of MakeHuman with parts of bodies, which characters have of their own."""

FREE = ("CC0", "CC-BY", "CC-BY-SA", "MIT")
"""Licences that let pictures be passed on; others are taken too, and named in every sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An asset that can't be used."""

    path: Path
    why: str


def check_folder(
    folder: Path, rest: Float[Array, "verts 3"], *, is_plain: bool, licence: str | None
) -> Iterator[StoredAsset | Refused]:
    """Every clothes file in a folder and below it, read and checked.

    Args:
        folder: the user's.
        rest: the middling person's full vertices, metres.
        is_plain: whether clothes and shoes may do without their textures.
        licence: of files that name none.

    Raises:
        UnavailableError: if the folder isn't there, or holds nothing of the kind.
    """
    with explained(folder):
        paths = sorted(path for path in folder.rglob("*.mhclo") if not SKIPPED & set(path.relative_to(folder).parts))
    if not paths:
        raise UnavailableError(f"{folder}: there is no .mhclo file in it or below it; give the folder that holds them.")
    for path in paths:
        try:
            yield check_asset(path, rest, is_plain=is_plain, licence=licence)
        except CuffsError as problem:
            yield Refused(path=path, why=str(problem))


def check_asset(path: Path, rest: Float[Array, "verts 3"], *, is_plain: bool, licence: str | None) -> StoredAsset:
    """Read one asset.

    Raises:
        AssetMissing: if one of its files isn't there.
        AssetBroken: if one can't be used.
    """
    clothes = read_clothes(path)
    mesh = read_obj(beside(path, clothes.mesh, "a clothes file"))
    if mesh.num_verts != len(clothes.corners):
        found = f"it places {len(clothes.corners)} vertices, but its mesh has {mesh.num_verts}"
        raise AssetBroken("a clothes file", path, found, "fetch mesh and clothes file again, together")
    said = clothes.licence or licence
    if said is None:
        found = "it names no licence"
        raise AssetBroken("a clothes file", path, found, "find out which it has, and say it with --licence")
    colour, picture = (0.5, 0.5, 0.5), None
    kind = kind_of(clothes)
    if clothes.material is not None:
        material = read_material(beside(path, clothes.material, "a clothes file"))
        colour = material.colour
        if material.texture is not None:
            picture = _picture(material.texture, is_needed=not is_plain or kind == "hair")
    if kind == "hair" and (picture is None or not picture.has_alpha):
        found = "it is hair without a transparent texture: its strips would be planks"
        raise AssetBroken("a clothes file", path, found, "add the texture, or use the built-in hair")
    asset = StoredAsset(
        name=plain_name(clothes, path),
        kind=kind,
        wearer=wearer_of(clothes, path),
        licence=said,
        colour=colour,
        corners=clothes.corners.astype(np.int32),
        weights=clothes.weights,
        step=clothes.step[:, [0, 2, 1]] * [1.0, -1.0, 1.0],
        pairs=clothes.pairs[[0, 2, 1]].astype(np.int32),
        deleted=clothes.deleted.astype(np.int32),
        faces=mesh.faces.astype(np.int32),
        uv=mesh.uv,
        texture=None if picture is None else picture.path,
    )
    _require_size(path, asset, rest)
    return asset


def _picture(path: Path, *, is_needed: bool) -> Picture | None:
    return require_picture(path) if is_needed or path.is_file() else None


def _require_size(path: Path, asset: StoredAsset, rest: Float[Array, "verts 3"]) -> None:
    """Refuse what lies nowhere near a body: made in other units, or for another mesh."""
    points = asset.fitted(rest)
    low, high = points.min(0), points.max(0)
    size = float((high - low).max())
    if not np.isfinite(points).all() or size > TALLEST_M or size < SMALLEST_M:
        found = f"on a person it is {size:.3g} m large: its scale is wrong"
        raise AssetBroken("a clothes file", path, found, "it must be made for MakeHuman's base mesh, in decimetres")
    beyond = np.maximum(rest.min(0) - low, high - rest.max(0)).max()
    if beyond > FARTHEST_M:
        found = f"it reaches {beyond:.2f} m beyond the body it is on: its scale or its base mesh is wrong"
        raise AssetBroken("a clothes file", path, found, "it must be made for MakeHuman's base mesh, in decimetres")


def kind_of(clothes: ClothesFile) -> str:
    """shoes, hat, hair, glasses or clothes, by tags and folder."""
    words = {word.lower() for tag in clothes.tags for word in tag.split()}
    words |= {part.lower() for part in clothes.path.parts[-3:-1]} | {clothes.path.stem.lower()}
    text = " ".join(words)
    for kind, marks in (
        ("shoes", ("shoe", "boot", "sandal", "sneaker")),
        ("hat", ("hat", "cap ", "fedora", "beanie", "helmet")),
        ("glasses", ("glasses", "spectacles")),
        ("hair", ("hair", "ponytail", "braid", "afro")),
    ):
        if any(mark in text for mark in marks):
            return kind
    return "clothes"


def wearer_of(clothes: ClothesFile, path: Path) -> str:
    """female, male, or empty for anybody."""
    words = {word.lower() for tag in clothes.tags for word in tag.split()}
    stem = path.stem.lower()
    if "female" in words or stem.startswith("female"):
        return "female"
    return "male" if "male" in words or stem.startswith("male") else ""


def plain_name(clothes: ClothesFile, path: Path) -> str:
    """A name of small letters, digits and underscores.

    Raises:
        AssetBroken: if nothing is left of the asset's own.
    """
    source = clothes.name or path.stem
    name = "".join(letter if letter in NAME_ALPHABET else "_" for letter in source.lower().replace(" ", "_"))[:48]
    if not name.strip("_"):
        raise AssetBroken("a clothes file", path, f"its name {source!r} has no letters", "give it a name")
    return name
