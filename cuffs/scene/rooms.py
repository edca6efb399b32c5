"""Rooms: four walls around people and camera, windows and doors, furniture along the walls and free."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cuffs.records import MaterialSpec, OpeningSpec, PlaceSpec, RoomSpec, ThingSpec
from cuffs.scene import furnishing, palettes
from cuffs.scene.furnishing import STYLES, Piece, Style
from cuffs.scene.layout import Layout, Polygon, Stage, rectangle
from cuffs.scene.palettes import pick

Array = np.ndarray
Rng = np.random.Generator

TRIES = 12
"""For each thing, before it is left out."""

CLEARANCE_M = (0.5, 0.45)
"""Least distance of people and of the camera from walls."""

LARGE_STYLES = ("lobby", "gym", "warehouse")
"""Where people and camera are far apart, a room is one of these."""

HOME_REACH_M = 5.0
"""People and camera that need more room than this aren't at home."""

TALL_M = 0.95
"""Furniture lower than this may stand before a window."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Wall:
    """One wall, seen from within."""

    number: int
    start: Float[Array, "2"]
    """Its left end, metres."""

    along: Float[Array, "2"]
    """Unit, to the right."""

    inward: Float[Array, "2"]
    length_m: float

    @property
    def yaw_deg(self) -> float:
        """Turn of a thing that stands with its back to it: a thing's front looks along -y at 0."""
        return float(np.degrees(np.arctan2(self.inward[1], self.inward[0])) + 90.0)

    def point(self, right_m: float, off_m: float) -> Float[Array, "2"]:
        """A place at a distance from the wall's middle and off the wall."""
        return self.start + self.along * (self.length_m / 2 + right_m) + self.inward * off_m


def sample_room(style: str, stage: Stage, rng: Rng) -> PlaceSpec:
    """Draw a room of a style.

    Args:
        style: of `furnishing.STYLES`.
        stage: people and camera.
        rng: random numbers.
    """
    how = STYLES[style]
    room = _shell(how, stage, rng)
    layout = Layout(stage=stage)
    things: list[ThingSpec] = []
    walls = walls_of(room)
    for wall in walls:
        _reserve_doors(layout, wall, room)
    things += _along_walls(how, walls, room, layout, rng)
    things += _free(how, room, layout, rng)
    things += _on_walls(how, walls, room, things, rng)
    seen = tuple(thing for thing in things if _is_seen(stage, thing))
    ground = MaterialSpec(
        kind="floor",
        colour=_floor_colour(floor := str(rng.choice(how.floors)), rng),
        second_colour=_floor_colour(floor, rng),
        pattern=floor,
        roughness=round(float(rng.uniform(0.3, 0.8)), 3),
        scale_m=_floor_scale(floor, rng),
    )
    return PlaceSpec(kind="room", style=style, ground=ground, rotation_deg=room.yaw_deg, room=room, things=seen)


def style_for(stage: Stage, rng: Rng) -> str:
    """A style whose rooms can hold people and camera."""
    reach = max(float(np.linalg.norm(middle - stage.eye[:2])) + radius for middle, radius in stage.people)
    names = sorted(name for name in STYLES if name in LARGE_STYLES or reach < HOME_REACH_M)
    return str(rng.choice(names))


def walls_of(room: RoomSpec) -> tuple[Wall, ...]:
    """The four walls, in the order that openings number them."""
    yaw = np.radians(room.yaw_deg)
    x_axis, y_axis = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    middle = np.array(room.middle_world)
    length, width, _ = room.size_m
    walls = []
    for number, (inward, extent, reach) in enumerate(
        ((y_axis, length, width), (-x_axis, width, length), (-y_axis, length, width), (x_axis, width, length))
    ):
        along = np.array([-inward[1], inward[0]])  # to the right of somebody who faces the wall
        start = middle - inward * reach / 2 - along * extent / 2
        walls.append(Wall(number=number, start=start, along=along, inward=inward, length_m=extent))
    return tuple(walls)


def _shell(how: Style, stage: Stage, rng: Rng) -> RoomSpec:
    """Walls that leave people and camera their clearance, the rest of the room spread around them at random."""
    yaw = float(rng.uniform(0, 2 * np.pi))
    axes = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
    points, reaches = [stage.eye[:2]], [CLEARANCE_M[1]]
    for middle, radius in stage.people:
        points.append(middle)
        reaches.append(radius + CLEARANCE_M[0])
    local, reach = np.array(points) @ axes.T, np.array(reaches)[:, None]
    low, high = (local - reach).min(0), (local + reach).max(0)
    wanted = np.array([rng.uniform(*span) for span in how.size_m[:2]])
    size = np.maximum(wanted, high - low)
    low = low - (size - (high - low)) * rng.uniform(0, 1, 2)
    middle = (low + size / 2) @ axes
    height = max(float(rng.uniform(*how.size_m[2])), stage.head_z + 0.25, float(stage.eye[2]) + 0.3)
    pattern = str(rng.choice(how.walls))
    wall = MaterialSpec(
        kind="wall",
        colour=_wall_colour(pattern, rng),
        second_colour=pick(rng, palettes.WALLS),
        pattern=pattern,
        roughness=0.9,
        scale_m=round(float(rng.uniform(0.1, 0.5)), 3),
    )
    white = pick(rng, palettes.WALLS[:2], spread=0.04)
    room = RoomSpec(
        middle_world=(round(float(middle[0]), 4), round(float(middle[1]), 4)),
        yaw_deg=round(float(np.degrees(yaw)), 3),
        size_m=(round(float(size[0]), 4), round(float(size[1]), 4), round(height, 3)),
        wall=wall,
        ceiling=MaterialSpec(kind="wall", colour=white, pattern="plaster", roughness=0.9),
        trim=white if rng.uniform() < 0.7 else pick(rng, palettes.WOODS),
    )
    return replace(room, openings=_openings(how, room, rng))


def _openings(how: Style, room: RoomSpec, rng: Rng) -> tuple[OpeningSpec, ...]:
    """A door, and windows of one form, on walls that have the place for them."""
    walls = walls_of(room)
    found: list[OpeningSpec] = []
    large = room.size_m[2] > 3.1
    sill = float(rng.choice([0.1, 0.75, 0.9])) if not large else float(rng.uniform(0.9, 2.0))
    tall = min(room.size_m[2] - sill - 0.25, float(rng.uniform(1.2, 1.7)) if sill > 0.5 else 2.15)
    wide = float(rng.uniform(0.8, 2.2))
    wanted = ["door"] + ["window"] * int(rng.integers(how.windows[0], how.windows[1] + 1))
    for kind in wanted:
        size = (0.92, min(2.1, room.size_m[2] - 0.15)) if kind == "door" else (wide, tall)
        for _ in range(TRIES):
            wall = walls[int(rng.integers(4))]
            free = wall.length_m / 2 - size[0] / 2 - 0.35
            if free <= 0:
                continue
            middle = float(rng.uniform(-free, free))
            if all(
                other.wall != wall.number or abs(other.middle_m - middle) > (other.size_m[0] + size[0]) / 2 + 0.25
                for other in found
            ):
                found.append(
                    OpeningSpec(
                        kind=kind,  # pyright: ignore[reportArgumentType]: one of the two by the list above
                        wall=wall.number,  # pyright: ignore[reportArgumentType]: 0 to 3
                        middle_m=round(middle, 3),
                        sill_m=0.0 if kind == "door" else round(sill, 3),
                        size_m=(round(size[0], 3), round(size[1], 3)),
                    )
                )
                break
    return tuple(found)


def _reserve_doors(layout: Layout, wall: Wall, room: RoomSpec) -> None:
    for opening in room.openings:
        if opening.wall == wall.number and opening.kind == "door":
            layout.take(_against(wall, opening.middle_m, (opening.size_m[0] + 0.1, 0.6)))


def _against(wall: Wall, right_m: float, size: tuple[float, float]) -> Polygon:
    """Outline of something that stands with its back to a wall."""
    middle = wall.point(right_m, size[1] / 2 + 0.02)
    return rectangle(middle, size, np.radians(wall.yaw_deg))


def _along_walls(how: Style, walls: Sequence[Wall], room: RoomSpec, layout: Layout, rng: Rng) -> list[ThingSpec]:
    """Furniture with its back to a wall; beneath windows only what is low."""
    things: list[ThingSpec] = []
    for _ in range(int(rng.integers(how.num_wall[0], how.num_wall[1] + 1))):
        piece = how.along_walls[int(rng.integers(len(how.along_walls)))]
        thing = piece.draw(rng)
        for _ in range(TRIES):
            wall = walls[int(rng.integers(4))]
            free = wall.length_m / 2 - thing.size_m[0] / 2 - 0.05
            if free <= 0:
                continue
            right = float(rng.uniform(-free, free))
            shape = _against(wall, right, thing.size_m[:2])
            if _before_window(room, wall, right, thing) or not layout.is_free(shape):
                continue
            layout.take(shape)
            placed = _placed(thing, wall.point(right, thing.size_m[1] / 2 + 0.02), wall.yaw_deg)
            things += [placed, *_company(placed, rng)]
            break
    return things


def _before_window(room: RoomSpec, wall: Wall, right_m: float, thing: ThingSpec) -> bool:
    return thing.size_m[2] > TALL_M and any(
        opening.wall == wall.number and abs(opening.middle_m - right_m) < (opening.size_m[0] + thing.size_m[0]) / 2
        for opening in room.openings
    )


def _company(thing: ThingSpec, rng: Rng) -> list[ThingSpec]:
    """What stands on something: a television on a low cabinet."""
    if thing.kind == "cabinet" and thing.size_m[0] > 1.1 and thing.size_m[2] < 0.8 and rng.uniform() < 0.5:
        screen = replace(furnishing.TELEVISION.draw(rng), yaw_deg=thing.yaw_deg)
        x, y, _ = thing.at_world
        return [replace(screen, at_world=(x, y, thing.size_m[2]))]
    return []


def _free(how: Style, room: RoomSpec, layout: Layout, rng: Rng) -> list[ThingSpec]:
    """Furniture anywhere on the floor, mostly square to the room."""
    things: list[ThingSpec] = []
    yaw = np.radians(room.yaw_deg)
    axes = np.array([[np.cos(yaw), np.sin(yaw)], [-np.sin(yaw), np.cos(yaw)]])
    for _ in range(int(rng.integers(how.num_free[0], how.num_free[1] + 1))):
        thing = how.free[int(rng.integers(len(how.free)))].draw(rng)
        flat = thing.kind == "rug"
        for _ in range(TRIES):
            reach = np.array(room.size_m[:2]) / 2 - max(thing.size_m[:2]) / 2 - 0.1
            if (reach <= 0).any():
                break
            middle = np.array(room.middle_world) + rng.uniform(-reach, reach) @ axes
            turn = room.yaw_deg + 90.0 * float(rng.integers(4)) + float(rng.normal(0, 2.0))
            shape = rectangle(middle, thing.size_m[:2], np.radians(turn))
            if layout.is_free(shape, blocks_view=not flat):
                if not flat:
                    layout.take(shape)
                things.append(_placed(thing, middle, turn))
                break
    return things


def _on_walls(
    how: Style, walls: Sequence[Wall], room: RoomSpec, things: Sequence[ThingSpec], rng: Rng
) -> list[ThingSpec]:
    """Curtains beside windows, radiators below, pictures where nothing tall stands."""
    found: list[ThingSpec] = []
    cloth = pick(rng, [*palettes.FABRICS, *palettes.WALLS])
    curtains = rng.uniform() < how.curtains
    for opening in room.openings:
        if opening.kind == "window" and curtains:
            found += _curtains(walls[opening.wall], opening, cloth)
    for _ in range(int(rng.integers(how.pictures[0], how.pictures[1] + 1))):
        picture = _piece_on_wall(rng)
        for _ in range(TRIES):
            wall = walls[int(rng.integers(4))]
            free = wall.length_m / 2 - picture.size_m[0] / 2 - 0.3
            right = float(rng.uniform(-max(free, 0.0), max(free, 0.0)))
            shape = _against(wall, right, (picture.size_m[0] + 0.3, 0.3))
            if (
                free > 0
                and not _before_window(room, wall, right, replace(picture, size_m=(picture.size_m[0] + 0.5, 0.03, 2.0)))
                and not any(
                    other.size_m[2] + other.at_world[2] > 1.1 and _covers(other, shape) for other in [*things, *found]
                )
            ):
                low = max(1.1, 1.55 - picture.size_m[2] / 2)
                found.append(_placed(picture, wall.point(right, picture.size_m[1] / 2), wall.yaw_deg, low))
                break
    return found


def _piece_on_wall(rng: Rng) -> ThingSpec:
    return Piece(
        kind="picture",
        width_m=(0.3, 1.1),
        depth_m=(0.02, 0.04),
        height_m=(0.3, 1.0),
        colours=palettes.FABRICS,
        second_colours=palettes.WOODS,
        num_variants=1000,
    ).draw(rng)


def _curtains(wall: Wall, opening: OpeningSpec, cloth: tuple[float, float, float]) -> list[ThingSpec]:
    wide = 0.22 * opening.size_m[0] + 0.12
    low = 0.02 if opening.sill_m > 0.3 or opening.sill_m < 0.2 else opening.sill_m - 0.1
    high = opening.sill_m + opening.size_m[1] + 0.12
    return [
        ThingSpec(
            kind="curtain",
            at_world=_point(wall.point(opening.middle_m + side * (opening.size_m[0] / 2 + wide * 0.2), 0.09), low),
            yaw_deg=round(wall.yaw_deg, 3),
            size_m=(round(wide, 3), 0.08, round(high - low, 3)),
            colour=cloth,
            second_colour=cloth,
        )
        for side in (-1, 1)
    ]


def _covers(thing: ThingSpec, shape: Polygon) -> bool:
    middle = shape.mean(0)
    reach = (thing.size_m[0] + float(np.ptp(shape, 0).max())) / 2
    return float(np.linalg.norm(np.array(thing.at_world[:2]) - middle)) < reach


def _placed(thing: ThingSpec, middle: Float[Array, "2"], yaw_deg: float, low_m: float = 0.0) -> ThingSpec:
    return replace(thing, at_world=_point(middle, low_m), yaw_deg=round(yaw_deg % 360.0, 3))


def _point(middle: Float[Array, "2"], low_m: float) -> tuple[float, float, float]:
    return (round(float(middle[0]), 4), round(float(middle[1]), 4), round(low_m, 4))


def _is_seen(stage: Stage, thing: ThingSpec) -> bool:
    return stage.in_view(np.array(thing.at_world[:2]), float(np.hypot(*thing.size_m[:2])) / 2)


def _wall_colour(pattern: str, rng: Rng) -> tuple[float, float, float]:
    colours = {"brick": palettes.BRICKS, "concrete": palettes.STONES, "panels": palettes.WOODS}.get(
        pattern, palettes.WALLS
    )
    return pick(rng, colours, spread=0.08)


def _floor_colour(floor: str, rng: Rng) -> tuple[float, float, float]:
    colours = {
        "planks": palettes.FLOOR_WOODS,
        "carpet": palettes.FABRICS,
        "court": palettes.FLOOR_WOODS,
        "asphalt": ((0.09, 0.09, 0.092),),
    }.get(floor, palettes.STONES)
    return pick(rng, colours, spread=0.08)


def _floor_scale(floor: str, rng: Rng) -> float:
    low, high = {"planks": (0.08, 0.2), "tiles": (0.2, 0.6)}.get(floor, (0.2, 0.5))
    return round(float(rng.uniform(low, high)), 3)
