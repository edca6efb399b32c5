"""Small charts for sheets: histograms, maps, ranges, bars. Two series at most: before (grey) and after (blue)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

Picture = UInt8[np.ndarray, "_ _ 3"]

PAPER: Final = (255, 255, 255)
INK: Final = (40, 40, 40)
FAINT: Final = (205, 205, 205)
AFTER: Final = (32, 110, 190)
LIMIT: Final = (200, 60, 50)
GROUPS: Final = ((32, 110, 190), (214, 120, 20), (20, 150, 110), (180, 90, 150), (140, 110, 40), (90, 90, 200))

MARGIN: Final = 8
TITLE: Final = 18
TEXT: Final = 11


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Of a chart, pixels."""

    width: int
    height: int


def histogram(
    title: str,
    values: Mapping[str, Float[np.ndarray, " n"]],
    size: Size,
    *,
    span: tuple[float, float],
    bins: int = 24,
) -> Picture:
    """Shares of the values, one outline a series: `before` filled grey, `after` a blue line."""
    picture, draw = _blank(title, size)
    left, top, right, bottom = MARGIN, TITLE + 4, size.width - MARGIN, size.height - 16
    shares = {name: _shares(found, span, bins) for name, found in values.items()}
    highest = max((float(share.max()) for share in shares.values()), default=1.0) or 1.0
    step = (right - left) / bins
    for name, share in shares.items():
        tops = bottom - share / highest * (bottom - top)
        corners: list[tuple[float, float]] = []
        for place, high in enumerate(tops):
            corners += [(left + step * place, float(high)), (left + step * (place + 1), float(high))]
        if name == "before":
            draw.polygon([(left, bottom), *corners, (right, bottom)], fill=FAINT)
        else:
            draw.line(corners, fill=AFTER, width=2)
    draw.line([(left, bottom), (right, bottom)], fill=INK)
    _text(draw, (left, bottom + 2), f"{span[0]:g}")
    _text(draw, (right, bottom + 2), f"{span[1]:g}", anchor="ra")
    return np.asarray(picture)


def _shares(values: np.ndarray, span: tuple[float, float], bins: int) -> Float[np.ndarray, " bins"]:
    counts, _ = np.histogram(np.clip(values, *span), bins=bins, range=span)
    return counts / max(1, len(values))


def scatter(
    title: str,
    before: Float[np.ndarray, "n 2"],
    after: Mapping[str, Float[np.ndarray, "m 2"]],
    size: Size,
) -> Picture:
    """A map: grey what was there before, a colour for each group of what is there after."""
    picture, draw = _blank(title, size)
    points = np.concatenate([before, *after.values()])
    low, high = points.min(0), points.max(0)
    scale = np.array([size.width - 2 * MARGIN, size.height - TITLE - 2 * MARGIN - 16]) / (high - low).clip(1e-9)
    corner = np.array([MARGIN, TITLE + MARGIN])
    for x, y in corner + (before - low) * scale:
        draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=FAINT)
    place = MARGIN
    for number, (name, group) in enumerate(after.items()):
        colour = GROUPS[number % len(GROUPS)]
        for x, y in corner + (group - low) * scale:
            draw.ellipse([x - 2, y - 2, x + 2, y + 2], fill=colour)
        _text(draw, (place, size.height - 15), name, colour=colour)
        place += 12 + round(draw.textlength(name, font=_font(TEXT)))
    return np.asarray(picture)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RangeRow:
    """One angle of a joint."""

    label: str
    before: Float[np.ndarray, " n"] | None
    after: Float[np.ndarray, " m"]
    limits: tuple[float, float]


def ranges(title: str, rows: Sequence[RangeRow], size: Size, *, span: tuple[float, float]) -> Picture:
    """From the 1st to the 99th percentile of each angle (grey before, blue after, a tick at the median), between red
    marks at the limits of human joints."""
    picture, draw = _blank(title, size)
    left, right = 150, size.width - MARGIN
    pitch = (size.height - TITLE - 6) / max(1, len(rows))
    at = (right - left) / (span[1] - span[0])

    def x(value: float) -> float:
        return left + (float(np.clip(value, *span)) - span[0]) * at

    draw.line([(x(0), TITLE), (x(0), size.height - 4)], fill=FAINT)
    for number, row in enumerate(rows):
        y = TITLE + 4 + pitch * (number + 0.5)
        _text(draw, (MARGIN, y - 6), row.label, font_size=10)
        if row.before is not None:
            low, high = np.percentile(row.before, [1, 99])
            draw.rectangle([x(low), y - pitch * 0.4, x(high), y + pitch * 0.4], fill=FAINT)
        low, middle, high = np.percentile(row.after, [1, 50, 99])
        draw.rectangle([x(low), y - pitch * 0.2, x(high), y + pitch * 0.2], fill=AFTER)
        draw.line([(x(middle), y - pitch * 0.35), (x(middle), y + pitch * 0.35)], fill=INK, width=2)
        for limit in row.limits:
            draw.line([(x(limit), y - pitch * 0.45), (x(limit), y + pitch * 0.45)], fill=LIMIT)
    return np.asarray(picture)


def bars(title: str, counts: Mapping[str, int], size: Size) -> Picture:
    """A bar a name, with its count."""
    picture, draw = _blank(title, size)
    highest, pitch = max(counts.values(), default=1), 15
    for number, (name, count) in enumerate(counts.items()):
        y = TITLE + 4 + pitch * number
        if y + pitch > size.height:
            break
        width = (size.width - 190) * count / highest
        _text(draw, (MARGIN, y), name)
        draw.rectangle([120, y + 2, 120 + width, y + 12], fill=LIMIT)
        _text(draw, (126 + width, y), str(count))
    return np.asarray(picture)


def flat_map(points: Float[np.ndarray, "n d"]) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, "d 2"]]:
    """The two directions in which points differ most (principal components): their middle, and the directions."""
    middle = points.mean(0)
    _, _, directions = np.linalg.svd(points - middle, full_matrices=False)
    return middle, directions[:2].T


def stacked(rows: Sequence[Sequence[Picture]], gap: int = 6) -> Picture:
    """Rows of pictures under each other on one sheet."""
    lines = []
    for row in rows:
        height = max(picture.shape[0] for picture in row)
        line = np.full((height, sum(picture.shape[1] + gap for picture in row) - gap, 3), 255, np.uint8)
        place = 0
        for picture in row:
            line[: picture.shape[0], place : place + picture.shape[1]] = picture
            place += picture.shape[1] + gap
        lines.append(line)
    width = max(line.shape[1] for line in lines)
    sheet = np.full((sum(line.shape[0] + gap for line in lines) + gap, width + 2 * gap, 3), 255, np.uint8)
    top = gap
    for line in lines:
        sheet[top : top + line.shape[0], gap : gap + line.shape[1]] = line
        top += line.shape[0] + gap
    return sheet


def heading(text: str, width: int, *, font_size: int = 15) -> Picture:
    """A line of text."""
    picture = Image.new("RGB", (width, font_size + 9), PAPER)
    _text(ImageDraw.Draw(picture), (2, 3), text, font_size=font_size)
    return np.asarray(picture)


def labelled(picture: Picture, text: str, *, colour: tuple[int, int, int] = INK) -> Picture:
    """A picture with lines of small text in its corner."""
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    draw.multiline_text((3, 2), text, fill=colour, font=_font(10), spacing=1, stroke_width=1, stroke_fill=PAPER)
    return np.asarray(image)


def _blank(title: str, size: Size) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", (size.width, size.height), PAPER)
    draw = ImageDraw.Draw(picture)
    draw.rectangle([0, 0, size.width - 1, size.height - 1], outline=FAINT)
    _text(draw, (MARGIN - 2, 2), title, font_size=12)
    return picture, draw


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=size)


def _text(
    draw: ImageDraw.ImageDraw,
    place: tuple[float, float],
    text: str,
    *,
    font_size: int = TEXT,
    colour: tuple[int, int, int] = INK,
    anchor: str = "la",
) -> None:
    draw.text(place, text, fill=colour, font=_font(font_size), anchor=anchor)
