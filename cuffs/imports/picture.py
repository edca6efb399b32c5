"""Pictures of other data sets: found, turned upright, written as JPEG."""

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from PIL import Image, UnidentifiedImageError

from cuffs.errors import InputError

QUALITY: Final = 95
FORMATS: Final = ("JPEG", "PNG")
MAX_SIDE: Final = 8192

OFF_MIDDLE: Final = 0.25
"""How far from the middle a principal point may lie, of half the side."""


class PictureUnusable(InputError):
    """A picture that is missing, no picture, or not of the size that its labels are for."""


@dataclass(slots=True, eq=False)
class PictureFinder:
    """Looks for pictures below a folder."""

    root: Path
    _by_name: dict[str, Path] | None = field(default=None)
    """Every picture below the root, once one is asked for by its bare name."""

    def find(self, places: Sequence[str]) -> Path:
        """The first of some places where there is a file.

        Raises:
            PictureUnusable: if there is none, or a name leads out of the folder.
        """
        for place in places:
            pure = PurePosixPath(place)
            if pure.is_absolute() or ".." in pure.parts:
                raise PictureUnusable(f"{place!r} leads out of {self.root}. Fetch the labels again.")
            path = self.root / pure
            if path.is_file():
                return path
            if len(pure.parts) == 1 and place in self._named():
                return self._named()[place]
        raise PictureUnusable(f"none of {', '.join(places)} is below {self.root}. --images names the pictures' folder.")

    def _named(self) -> dict[str, Path]:
        if self._by_name is None:
            self._by_name = {}
            for folder, _, names in os.walk(self.root):
                for name in names:
                    if name.lower().endswith((".png", ".jpg", ".jpeg")):
                        self._by_name.setdefault(name, Path(folder) / name)
        return self._by_name


@dataclass(frozen=True, slots=True, kw_only=True)
class UprightPicture:
    """A picture as the labels see it."""

    jpeg: bytes
    width: int
    height: int
    scale: float
    """Its width ÷ that which the labels are for."""


def upright_picture(
    path: Path, size: tuple[int, int] | None, centre: tuple[float, float] | None = None
) -> UprightPicture:
    """Read a picture; where it lies on its side, as BEDLAM keeps those taken upright, turn it clockwise.

    A JPEG that needs no turning keeps its bytes.

    Args:
        path: the file.
        size: width and height that the labels are for; the file may be a smaller or larger copy. None: the file's.
        centre: the principal point where the file may lie on its side, pixels; None: it doesn't.

    Raises:
        PictureUnusable: if it is no picture, too large, or of another size than its labels are for.
    """
    try:
        data = path.read_bytes()
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if max(picture.size) > MAX_SIDE:
            raise PictureUnusable(f"{path} is {picture.size}; more than {MAX_SIDE} pixels a side are not read.")
        picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise PictureUnusable(f"{path} can't be read ({problem}). Fetch it again.") from problem
    turned = centre is not None and _lies(path, picture.size, centre)
    if size is not None and not _same_shape(picture.size, size):
        raise PictureUnusable(f"{path} is {picture.size}, but its labels are for {size}.")
    upright = picture.convert("RGB")
    if turned:
        upright = upright.transpose(Image.Transpose.ROTATE_270)  # counter-clockwise by 270°: clockwise by 90°
    if turned or picture.format != "JPEG" or picture.mode != "RGB":
        buffer = io.BytesIO()
        upright.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
        data = buffer.getvalue()
    scale = 1.0 if size is None else upright.width / size[0]
    return UprightPicture(jpeg=data, width=upright.width, height=upright.height, scale=scale)


def _lies(path: Path, size: tuple[int, int], centre: tuple[float, float]) -> bool:
    """Whether the principal point is near the middle of the turned picture alone."""
    off = [max(abs(2 * c / side - 1) for c, side in zip(centre, sides, strict=True)) for sides in (size, size[::-1])]
    if min(off) > OFF_MIDDLE:
        raise PictureUnusable(f"{path} is {size}, but the middle of its labels' picture is about {centre}.")
    return bool(off[1] < off[0])


def _same_shape(found: tuple[int, int], wanted: tuple[int, int]) -> bool:
    """Whether sides are in the same proportion, to a pixel."""
    return abs(found[0] * wanted[1] - found[1] * wanted[0]) <= max(wanted)
