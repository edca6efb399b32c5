"""Pictures and films as users have them: files, folders, anything that a phone or a browser writes."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream
from jaxtyping import UInt8
from PIL import Image, ImageOps

from cuffs.errors import AssetMissing, ConfigError, InputError
from trainer.data.geometry import MAX_SIDE

PICTURE_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
FILMS = frozenset({".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A picture or a film."""

    path: Path
    is_film: bool

    @property
    def name(self) -> str:
        """What its results are called."""
        return self.path.stem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """One picture."""

    where: str
    """The file, and the moment in a film, for messages."""

    pixels: UInt8[np.ndarray, "height width 3"]
    """RGB, upright."""


def find_sources(path: Path) -> tuple[Source, ...]:
    """A picture, a film, or all of them in a folder (not in folders inside it), sorted by name.

    Raises:
        AssetMissing: if nothing is there.
        ConfigError: if it is a file of another kind, or two would give results of the same name.
    """
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix.lower() in PICTURES | FILMS)
    elif path.suffix.lower() in PICTURES | FILMS and path.is_file():
        files = [path]
    elif path.exists():
        raise ConfigError(f"{path} is neither a picture ({_listed(PICTURES)}) nor a film ({_listed(FILMS)}).")
    else:
        files = []
    if not files:
        remedy = f"name a picture, a film or a folder of them ({_listed(PICTURES | FILMS)})"
        raise AssetMissing("a picture", path, remedy)
    names: dict[str, Path] = {}
    for file in files:
        if file.stem in names:
            raise ConfigError(f"{names[file.stem].name} and {file.name} would give results of one name; rename one.")
        names[file.stem] = file
    return tuple(Source(path=file, is_film=file.suffix.lower() in FILMS) for file in files)


def _listed(suffixes: frozenset[str]) -> str:
    return " ".join(sorted(suffixes))


def read_picture(file: Path | BytesIO, *, where: str | None = None) -> Frame:
    """A picture, turned upright as its camera noted; transparency lies on black.

    Args:
        file: its path, or its bytes.
        where: what messages and results call it; by default the path.

    Raises:
        InputError: if it can't be decoded, or is larger than any picture should be.
    """
    where = str(file) if where is None else where
    try:
        with Image.open(file, formats=PICTURE_FORMATS) as picture:
            if max(picture.size) > MAX_SIDE:
                raise InputError(f"{where} claims {picture.size} pixels; at most {MAX_SIDE} a side are read.")
            upright = ImageOps.exif_transpose(picture)
            return Frame(where=where, pixels=np.asarray(_eight_bits(upright)))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as problem:
        raise InputError(f"{where} can't be decoded as a picture ({problem}).") from problem


def _eight_bits(picture: Image.Image) -> Image.Image:
    """RGB. Pillow would cut 16-bit greys off at 255 instead of scaling them."""
    if picture.mode.startswith("I"):
        deep = np.asarray(picture, np.float64) / 257
        return Image.fromarray(deep.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    return picture.convert("RGB")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmAbout:
    """What a film says of itself."""

    frames_per_second: float
    num_frames: int | None
    """As its header claims; None where it doesn't."""


def film_about(path: Path) -> FilmAbout:
    """Speed and length of a film.

    Raises:
        InputError: if it is none.
    """
    with _opened(path) as container:
        stream = _video(container, path)
        return FilmAbout(
            frames_per_second=float(stream.average_rate or stream.guessed_rate or 25), num_frames=stream.frames or None
        )


def read_film(path: Path) -> Iterator[Frame]:
    """A film's pictures, one after the other.

    Raises:
        InputError: if it is none, or breaks off in a way that can't be decoded.
    """
    with _opened(path) as container:
        stream = _video(container, path)
        try:
            for number, picture in enumerate(container.decode(stream)):
                if max(picture.width, picture.height) > MAX_SIDE:
                    raise InputError(f"{path} claims {picture.width} x {picture.height} pixels.")
                yield Frame(where=f"{path} frame {number}", pixels=picture.to_ndarray(format="rgb24"))
        except FFmpegError as problem:
            raise InputError(f"{path} can't be decoded any further ({problem}).") from problem


def _opened(path: Path) -> InputContainer:
    try:
        return av.open(str(path), "r")
    except (FFmpegError, OSError) as problem:
        raise InputError(f"{path} can't be read as a film ({problem}).") from problem


def _video(container: InputContainer, path: Path) -> VideoStream:
    if not container.streams.video:
        raise InputError(f"{path} has no pictures.")
    return container.streams.video[0]


class FilmWriter:
    """Writes pictures of one size as an H.264 film. Use it in a `with` block."""

    def __init__(self, path: Path, *, frames_per_second: float) -> None:
        self._container = av.open(str(path), "w", format="mp4")
        self._rate = Fraction(round(frames_per_second * 1000), 1000)
        self._stream: VideoStream | None = None

    def __enter__(self) -> "FilmWriter":
        return self

    def write(self, pixels: UInt8[np.ndarray, "height width 3"]) -> None:
        """Add a picture; an odd last row or column is left out, which H.264 can't hold."""
        height, width = pixels.shape[0] // 2 * 2, pixels.shape[1] // 2 * 2
        if self._stream is None:
            self._stream = self._container.add_stream("libx264", rate=self._rate)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[:height, :width]), format="rgb24")
        self._container.mux(self._stream.encode(frame))

    def __exit__(self, *_: object) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode())
        self._container.close()
