"""What rooms of each style hold, and how large it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cuffs.records import ThingSpec
from cuffs.records.surface_spec import Colour
from cuffs.scene import palettes
from cuffs.scene.palettes import pick

Rng = np.random.Generator
Span = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A kind of furniture with the sizes it comes in. Stands against walls (its back to them) or free."""

    kind: str
    width_m: Span
    depth_m: Span
    height_m: Span
    colours: Sequence[Colour] = palettes.WOODS
    second_colours: Sequence[Colour] = palettes.PAINTS
    num_variants: int = 12

    def draw(self, rng: Rng) -> ThingSpec:
        """One of them, standing at the origin."""
        size = tuple(round(float(rng.uniform(*span)), 3) for span in (self.width_m, self.depth_m, self.height_m))
        return ThingSpec(
            kind=self.kind,
            at_world=(0.0, 0.0, 0.0),
            yaw_deg=0.0,
            size_m=size,  # pyright: ignore[reportArgumentType]: three by the line above
            colour=pick(rng, self.colours),
            second_colour=pick(rng, self.second_colours),
            variant=int(rng.integers(self.num_variants)),
        )


def _piece(
    kind: str,
    width_m: Span,
    depth_m: Span,
    height_m: Span,
    colours: Sequence[Colour] = palettes.WOODS,
    second_colours: Sequence[Colour] = palettes.PAINTS,
) -> Piece:
    return Piece(
        kind=kind,
        width_m=width_m,
        depth_m=depth_m,
        height_m=height_m,
        colours=colours,
        second_colours=second_colours,
    )


FABRICS, PAINTS, WOODS, LEAVES = palettes.FABRICS, palettes.PAINTS, palettes.WOODS, palettes.LEAVES

SOFA = _piece("sofa", (1.5, 2.3), (0.82, 0.98), (0.74, 0.92), FABRICS, FABRICS)
ARMCHAIR = _piece("sofa", (0.78, 0.95), (0.8, 0.92), (0.76, 0.95), FABRICS, FABRICS)
LEATHER = _piece("leather_sofa", (0.8, 2.0), (0.82, 0.95), (0.76, 0.9), FABRICS, FABRICS)
SHELF = _piece("shelf", (0.6, 1.6), (0.26, 0.36), (1.1, 2.2))
CABINET = _piece("cabinet", (0.8, 1.9), (0.36, 0.5), (0.6, 0.95))
CHEST = _piece("cabinet", (0.45, 1.0), (0.4, 0.5), (0.7, 1.15))
WARDROBE = _piece("wardrobe", (0.9, 2.0), (0.55, 0.65), (1.9, 2.2), PAINTS)
BED = _piece("bed", (0.95, 1.8), (2.0, 2.12), (0.85, 1.2), FABRICS, WOODS)
TABLE = _piece("table", (1.1, 1.8), (0.75, 0.95), (0.72, 0.77), WOODS, WOODS)
COFFEE_TABLE = _piece("table", (0.7, 1.2), (0.5, 0.7), (0.36, 0.46), WOODS, WOODS)
SIDE_TABLE = _piece("table", (0.4, 0.55), (0.4, 0.55), (0.45, 0.6), WOODS, WOODS)
CHAIR = _piece("chair", (0.42, 0.48), (0.44, 0.52), (0.8, 0.95), WOODS, FABRICS)
OFFICE_CHAIR = _piece("office_chair", (0.5, 0.56), (0.5, 0.56), (0.95, 1.15), FABRICS, FABRICS)
DESK = _piece("desk", (1.2, 1.7), (0.65, 0.8), (0.72, 0.76))
LAMP = _piece("floor_lamp", (0.3, 0.45), (0.3, 0.45), (1.4, 1.75), palettes.WALLS)
PLANT = _piece("plant", (0.5, 1.0), (0.5, 1.0), (0.6, 1.8), LEAVES, PAINTS)
RUG = _piece("rug", (1.6, 3.0), (1.1, 2.0), (0.008, 0.014), FABRICS, FABRICS)
TELEVISION = _piece("television", (0.9, 1.4), (0.2, 0.2), (0.6, 0.85))
COUNTER = _piece("counter", (1.2, 3.0), (0.6, 0.66), (0.88, 0.94), PAINTS, WOODS)
FRIDGE = _piece("fridge", (0.6, 0.72), (0.62, 0.7), (1.6, 1.95), PAINTS)
COLUMN = _piece("column", (0.35, 0.6), (0.35, 0.6), (2.5, 3.0), palettes.STONES)
BARS = _piece("wall_bars", (0.9, 2.4), (0.12, 0.14), (2.3, 2.6))
BALL = _piece("ball", (0.24, 0.7), (0.24, 0.7), (0.24, 0.7), FABRICS)
RACK = _piece("rack", (1.8, 3.6), (0.7, 1.1), (2.0, 3.6), PAINTS)
CARTON = _piece("carton", (0.3, 0.8), (0.3, 0.6), (0.25, 0.7))
CRATE = _piece("crate", (0.4, 1.0), (0.4, 0.8), (0.3, 0.9))
BENCH = _piece("bench", (1.2, 2.0), (0.5, 0.6), (0.8, 0.9), WOODS, PAINTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a sort of room is built and furnished."""

    size_m: tuple[Span, Span, Span]
    """Length, width and height; larger where people and camera need it."""

    floors: tuple[str, ...]
    walls: tuple[str, ...] = ("plaster", "plaster", "plaster", "wallpaper", "brick", "panels")
    along_walls: tuple[Piece, ...]
    free: tuple[Piece, ...]
    num_wall: tuple[int, int] = (4, 8)
    num_free: tuple[int, int] = (1, 4)
    windows: tuple[int, int] = (1, 3)
    pictures: tuple[int, int] = (0, 4)
    curtains: float = 0.6
    """Share of windows with them."""


HOME: tuple[Span, Span, Span] = ((4.2, 7.0), (3.8, 6.0), (2.4, 2.9))
LARGE: tuple[Span, Span, Span] = ((9.0, 18.0), (8.0, 14.0), (3.2, 6.0))

STYLES: Mapping[str, Style] = {
    "living": Style(
        size_m=HOME,
        floors=("planks", "planks", "planks", "carpet", "tiles"),
        along_walls=(SOFA, SOFA, LEATHER, SHELF, SHELF, CABINET, CABINET, CHEST, PLANT, LAMP, SIDE_TABLE, ARMCHAIR),
        free=(ARMCHAIR, LEATHER, COFFEE_TABLE, PLANT, LAMP, SIDE_TABLE, RUG, RUG, CHAIR),
    ),
    "bedroom": Style(
        size_m=((3.8, 5.6), (3.6, 5.0), (2.4, 2.8)),
        floors=("planks", "carpet", "carpet"),
        along_walls=(BED, BED, WARDROBE, WARDROBE, CHEST, CABINET, SIDE_TABLE, LAMP, PLANT, SHELF, ARMCHAIR),
        free=(RUG, CHAIR, ARMCHAIR, PLANT),
        num_free=(0, 2),
        curtains=0.9,
    ),
    "kitchen": Style(
        size_m=((4.2, 6.6), (3.8, 5.6), (2.4, 2.9)),
        floors=("tiles", "tiles", "planks", "concrete"),
        walls=("plaster", "plaster", "tiles", "tiles", "two_tone"),
        along_walls=(COUNTER, COUNTER, COUNTER, FRIDGE, CABINET, SHELF, CHEST, PLANT),
        free=(TABLE, CHAIR, CHAIR, CHAIR, PLANT),
        num_free=(2, 5),
        curtains=0.3,
    ),
    "office": Style(
        size_m=((5.0, 9.0), (4.6, 8.0), (2.6, 3.2)),
        floors=("carpet", "carpet", "planks", "concrete"),
        walls=("plaster", "plaster", "two_tone", "panels", "concrete"),
        along_walls=(DESK, DESK, SHELF, SHELF, CABINET, CHEST, PLANT, WARDROBE),
        free=(DESK, DESK, OFFICE_CHAIR, OFFICE_CHAIR, PLANT, TABLE),
        num_free=(2, 6),
        curtains=0.1,
    ),
    "dining": Style(
        size_m=((4.6, 7.5), (4.0, 6.0), (2.5, 3.2)),
        floors=("planks", "planks", "tiles", "carpet"),
        along_walls=(CABINET, CABINET, SHELF, CHEST, PLANT, LAMP, ARMCHAIR),
        free=(TABLE, CHAIR, CHAIR, CHAIR, CHAIR, RUG, PLANT),
        num_free=(3, 7),
    ),
    "lobby": Style(
        size_m=((8.0, 14.0), (7.0, 11.0), (3.0, 4.2)),
        floors=("tiles", "tiles", "concrete", "carpet"),
        walls=("plaster", "panels", "panels", "concrete", "brick", "tiles"),
        along_walls=(SOFA, LEATHER, CABINET, PLANT, PLANT, BENCH, SHELF, LAMP),
        free=(COLUMN, COLUMN, PLANT, SOFA, ARMCHAIR, COFFEE_TABLE, BENCH, RUG),
        num_wall=(6, 12),
        num_free=(3, 9),
        windows=(2, 5),
        curtains=0.1,
    ),
    "gym": Style(
        size_m=LARGE,
        floors=("court", "court", "planks"),
        walls=("two_tone", "brick", "panels", "plaster"),
        along_walls=(BARS, BARS, BARS, BENCH, BENCH, CRATE, BALL, CABINET),
        free=(BALL, BALL, BENCH, CRATE),
        num_wall=(6, 14),
        num_free=(1, 5),
        windows=(2, 5),
        pictures=(0, 1),
        curtains=0.0,
    ),
    "warehouse": Style(
        size_m=LARGE,
        floors=("concrete", "concrete", "asphalt"),
        walls=("concrete", "brick", "two_tone", "panels"),
        along_walls=(RACK, RACK, RACK, CARTON, CARTON, CRATE, CRATE, CABINET, BENCH),
        free=(COLUMN, CARTON, CARTON, CRATE, RACK),
        num_wall=(7, 14),
        num_free=(3, 9),
        windows=(1, 4),
        pictures=(0, 0),
        curtains=0.0,
    ),
}
