"""MakeHuman's material files (`.mhmat`): of them colour and picture are used."""

from dataclasses import dataclass
from pathlib import Path

from cuffs.assets.text_file import beside, read_lines
from cuffs.errors import AssetBroken, AssetMissing
from cuffs.records.scene_spec import Colour

LARGEST_PX = 8192
PICTURES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A texture that was looked at."""

    path: Path
    has_alpha: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialFile:
    """What an mhmat file says."""

    colour: Colour
    texture: Path | None
    """The picture that it names, whether it is there or not."""


def read_material(path: Path) -> MaterialFile:
    """Read a material file.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: if it is malformed, or names a picture outside of its folder.
    """
    colour, texture = (0.5, 0.5, 0.5), None
    for number, line in enumerate(read_lines(path, "a material file"), start=1):
        word, _, rest = line.partition(" ")
        if word == "diffuseColor":
            try:
                red, green, blue = (min(1.0, max(0.0, float(value))) for value in rest.split()[:3])
            except ValueError:
                found = f"line {number}: diffuseColor {rest.strip()!r} is no colour"
                raise AssetBroken("a material file", path, found, "fetch the asset again") from None
            colour = (red, green, blue)
        elif word == "diffuseTexture" and rest.strip():
            texture = beside(path, rest, "a material file")
    return MaterialFile(colour=colour, texture=texture)


def require_picture(path: Path) -> Picture:
    """Look at a texture without decoding it wholly.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: if it is no PNG or JPEG, or larger than `LARGEST_PX` pixels.
    """
    from PIL import Image, UnidentifiedImageError

    if not path.is_file():
        remedy = "put the picture there, or add the folder with --plain: clothes then get a procedural cloth"
        raise AssetMissing("a texture", path, remedy)
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            size, bands = image.size, image.getbands()
            image.verify()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as problem:
        raise AssetBroken("a texture", path, f"it is no PNG or JPEG: {problem}", "fetch the asset again") from None
    except Image.DecompressionBombError as problem:
        raise AssetBroken("a texture", path, str(problem), "make it smaller") from None
    if max(size) > LARGEST_PX:
        found = f"it has {size[0]} x {size[1]} pixels, more than {LARGEST_PX}"
        raise AssetBroken("a texture", path, found, "make it smaller")
    return Picture(path=path, has_alpha="A" in bands or "P" in bands)
