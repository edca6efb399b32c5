"""Streets, squares and parks: what stands around people outdoors, near and far."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from cuffs.records import MaterialSpec, PlaceSpec, ThingSpec
from cuffs.records.surface_spec import Colour
from cuffs.scene import palettes
from cuffs.scene.furnishing import Piece
from cuffs.scene.layout import Layout, Stage, rectangle
from cuffs.scene.palettes import pick

Array = np.ndarray
Rng = np.random.Generator

TRIES = 10
KERB_M = 0.13
"""Height of a pavement above its road."""

LEAVES, PAINTS, WOODS, STONES = palettes.LEAVES, palettes.PAINTS, palettes.WOODS, palettes.STONES


def _piece(
    kind: str, width: tuple[float, float], depth: tuple[float, float], height: tuple[float, float],
    colours: Sequence[Colour], second: Sequence[Colour] = STONES,
) -> Piece:  # fmt: skip
    return Piece(kind=kind, width_m=width, depth_m=depth, height_m=height, colours=colours, second_colours=second)


TREE = _piece("tree", (3.5, 7.0), (3.5, 7.0), (5.0, 11.0), LEAVES)
AUTUMN_TREE = _piece("tree", (3.5, 6.5), (3.5, 6.5), (5.0, 9.0), palettes.AUTUMN)
CONIFER = _piece("conifer", (2.2, 4.0), (2.2, 4.0), (5.0, 12.0), LEAVES)
BUSH = _piece("bush", (0.8, 2.2), (0.8, 1.8), (0.6, 1.7), LEAVES)
HEDGE = _piece("hedge", (3.0, 7.0), (0.6, 1.0), (0.9, 1.9), LEAVES)
BENCH = _piece("bench", (1.5, 2.1), (0.55, 0.65), (0.8, 0.9), WOODS, PAINTS)
BIN = _piece("waste_bin", (0.4, 0.55), (0.4, 0.55), (0.85, 1.05), PAINTS, PAINTS)
POST = _piece("lamp_post", (0.3, 0.3), (0.3, 0.3), (3.6, 5.5), PAINTS)
BOLLARD = _piece("bollard", (0.11, 0.2), (0.11, 0.2), (0.8, 1.05), PAINTS, PAINTS)
SIGN = _piece("sign_post", (0.45, 0.7), (0.1, 0.1), (2.1, 2.6), palettes.CARS)
PLANTER = _piece("planter", (0.8, 1.6), (0.5, 0.8), (0.8, 1.2), LEAVES, STONES)
PARASOL = _piece("parasol", (2.2, 3.2), (2.2, 3.2), (2.3, 2.6), palettes.FABRICS)
TABLE = _piece("table", (0.7, 0.9), (0.7, 0.9), (0.72, 0.76), WOODS, PAINTS)
CHAIR = _piece("chair", (0.42, 0.48), (0.44, 0.5), (0.8, 0.9), WOODS, PAINTS)
CAR = _piece("car", (3.9, 4.7), (1.7, 1.85), (1.4, 1.6), palettes.CARS)
FENCE = _piece("fence", (3.0, 6.0), (0.06, 0.06), (1.0, 1.8), WOODS)
RAILING = _piece("railing", (2.5, 6.0), (0.06, 0.06), (0.95, 1.15), PAINTS)
WALL = _piece("low_wall", (2.0, 5.0), (0.22, 0.35), (0.5, 1.3), STONES)
BRICK_WALL = _piece("brick_wall", (2.0, 6.0), (0.22, 0.35), (0.6, 2.2), palettes.BRICKS)
ROCK = _piece("rock", (0.5, 1.8), (0.5, 1.3), (0.4, 1.1), STONES)
CRATE = _piece("crate", (0.5, 1.0), (0.4, 0.8), (0.3, 0.8), WOODS)

STREET_NEAR = (BOLLARD, BOLLARD, BIN, SIGN, PLANTER, PLANTER, BENCH, POST, PARASOL, TABLE, CHAIR, RAILING)
PARK_NEAR = (BENCH, BENCH, BUSH, BUSH, BIN, POST, HEDGE, ROCK, FENCE, WALL, PLANTER)
YARD_NEAR = (BRICK_WALL, FENCE, CRATE, CRATE, PLANTER, TABLE, CHAIR, CHAIR, BUSH, PARASOL, BIN)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kerb:
    """A line, by a point on it and the direction away from the pavement."""

    point: Float[Array, "2"]
    outward: Float[Array, "2"]


def sample_outside(kind: str, stage: Stage, rng: Rng) -> PlaceSpec:
    """Draw a street or park around people.

    Args:
        kind: street or park.
        stage: people and camera.
        rng: random numbers.
    """
    styles = _STREETS if kind == "street" else _PARKS
    names = sorted(styles)
    return styles[names[int(rng.integers(len(names)))]](stage, rng)


def _pavement(stage: Stage, rng: Rng) -> PlaceSpec:
    """People on a pavement, a road with cars beside it, houses on both sides."""
    layout, along, across = Layout(stage=stage), *_axes(rng)
    side = float(rng.choice([-1, 1]))
    reach = _reach(stage)
    edge = stage.centre + across * side * (reach + float(rng.uniform(0.5, 1.5)))
    road_m, far_m = float(rng.uniform(6.0, 9.0)), float(rng.uniform(2.5, 4.0))
    wall_line = stage.centre - across * side * (reach + float(rng.uniform(1.0, 4.0)))
    yaw = _yaw(across * side)
    near_width = float(np.linalg.norm(edge - wall_line)) + 8.0
    paving = pick(rng, STONES)
    things = [
        _strip("pavement", edge - across * side * near_width / 2, (220.0, near_width, KERB_M), yaw, paving, rng),
        _strip(
            "pavement", edge + across * side * (road_m + far_m / 2 + 4), (220.0, far_m + 8.0, KERB_M), yaw, paving, rng
        ),
        replace(
            _strip("marking", edge + across * side * road_m / 2, (180.0, 0.12, 0.003), yaw, paving, rng),
            variant=int(rng.integers(2)),
        ),
    ]
    things += _row_of_houses(wall_line, along, across * side, layout, rng)
    things += _row_of_houses(edge + across * side * (road_m + far_m), along, -across * side, layout, rng)
    things += _parked(edge + across * side * 1.05, along, layout, rng)
    things += _parked(edge + across * side * (road_m - 1.05), along, layout, rng)
    kerb = Kerb(point=edge, outward=across * side)
    things += _scattered(STREET_NEAR, layout, rng, count=int(rng.integers(3, 9)), reach_m=9.0, kerb=kerb)
    asphalt = MaterialSpec(kind="floor", colour=pick(rng, ((0.085, 0.085, 0.088),)), pattern="asphalt", roughness=0.9)
    return _place("street", "pavement", asphalt, things, stage)


def _square(stage: Stage, rng: Rng) -> PlaceSpec:
    """A paved square with cafés, planters and houses around."""
    layout, along, across = Layout(stage=stage), *_axes(rng)
    reach = _reach(stage)
    things: list[ThingSpec] = []
    for turn in range(4):
        outward = (across, along, -across, -along)[turn]
        line = stage.centre + outward * (reach + float(rng.uniform(4.0, 16.0)))
        if rng.uniform() < 0.8:
            things += _row_of_houses(line, np.array([outward[1], -outward[0]]), -outward, layout, rng)
    pieces = (*STREET_NEAR, TREE, PARASOL, TABLE, CHAIR, CHAIR, BENCH)
    things += _scattered(pieces, layout, rng, count=int(rng.integers(6, 16)), reach_m=14.0)
    pattern = str(rng.choice(["paving", "cobbles", "concrete", "gravel"]))
    return _place("street", "square", _ground(pattern, rng), things, stage)


def _road(stage: Stage, rng: Rng) -> PlaceSpec:
    """People on a quiet road between two pavements."""
    layout, along, across = Layout(stage=stage), *_axes(rng)
    half = max(_reach(stage) + 0.6, float(rng.uniform(2.6, 4.0)))
    things: list[ThingSpec] = []
    paving = pick(rng, STONES)
    for side in (-1.0, 1.0):
        outward = across * side
        wide = float(rng.uniform(1.8, 3.6))
        edge = stage.centre + outward * half
        strip = _strip(
            "pavement", edge + outward * (wide + 8) / 2, (220.0, wide + 8, KERB_M), _yaw(outward), paving, rng
        )
        x, y, _ = strip.at_world
        things.append(replace(strip, at_world=(x, y, 0.0)))
        things += _row_of_houses(edge + outward * wide, along, -outward, layout, rng, low_m=KERB_M)
        things += _parked(edge - outward * 0.2, along, layout, rng, low_m=0.0)
    things += _scattered(
        (BOLLARD, BIN, SIGN, TREE, POST, PLANTER), layout, rng, count=int(rng.integers(2, 7)), reach_m=12.0
    )
    asphalt = MaterialSpec(kind="floor", colour=pick(rng, ((0.09, 0.09, 0.092),)), pattern="asphalt", roughness=0.9)
    return _place("street", "road", asphalt, things, stage)


def _meadow(stage: Stage, rng: Rng) -> PlaceSpec:
    """Grass, trees, bushes, a bench or two."""
    layout = Layout(stage=stage)
    trees = (TREE, TREE, CONIFER) if rng.uniform() < 0.75 else (AUTUMN_TREE, AUTUMN_TREE, TREE)
    things = _scattered(PARK_NEAR, layout, rng, count=int(rng.integers(2, 7)), reach_m=10.0)
    things += _far(trees, layout, rng, count=int(rng.integers(8, 18)), span_m=(6.0, 70.0))
    green = (round(float(rng.uniform(0.1, 0.5)), 3), round(float(rng.uniform(0.1, 0.45)), 3), 0.2)
    things.append(_grass(stage, green, rng))
    ground = MaterialSpec(kind="floor", colour=green, pattern="grass", roughness=1.0)
    return _place("park", "meadow", ground, things, stage)


def _path(stage: Stage, rng: Rng) -> PlaceSpec:
    """A gravel or paved clearing with hedges and trees behind."""
    layout = Layout(stage=stage)
    things = _scattered((*PARK_NEAR, HEDGE, HEDGE), layout, rng, count=int(rng.integers(4, 10)), reach_m=9.0)
    things += _far((TREE, TREE, CONIFER, BUSH), layout, rng, count=int(rng.integers(8, 16)), span_m=(6.0, 60.0))
    pattern = str(rng.choice(["gravel", "paving", "sand", "asphalt"]))
    return _place("park", "path", _ground(pattern, rng), things, stage)


def _yard(stage: Stage, rng: Rng) -> PlaceSpec:
    """A back yard: walls and fences near, a house, a tree beyond."""
    layout = Layout(stage=stage)
    things: list[ThingSpec] = []
    reach = _reach(stage)
    along, across = _axes(rng)
    for turn in range(4):
        outward = (across, along, -across, -along)[turn]
        line = stage.centre + outward * (reach + float(rng.uniform(1.2, 5.0)))
        if turn == 0 and rng.uniform() < 0.7:
            things += _row_of_houses(line, np.array([outward[1], -outward[0]]), -outward, layout, rng)
        else:
            piece = (BRICK_WALL, FENCE, HEDGE, FENCE)[int(rng.integers(4))]
            things += _line_of(piece, line, np.array([outward[1], -outward[0]]), layout, rng)
    things += _scattered(YARD_NEAR, layout, rng, count=int(rng.integers(3, 9)), reach_m=7.0)
    things += _far((TREE, CONIFER), layout, rng, count=int(rng.integers(2, 7)), span_m=(9.0, 40.0))
    pattern = str(rng.choice(["grass", "paving", "concrete", "gravel", "planks"]))
    return _place("park", "yard", _ground(pattern, rng), things, stage)


_STREETS: Mapping[str, Callable[[Stage, Rng], PlaceSpec]] = {"pavement": _pavement, "square": _square, "road": _road}
_PARKS: Mapping[str, Callable[[Stage, Rng], PlaceSpec]] = {"meadow": _meadow, "path": _path, "yard": _yard}


def _place(kind: str, style: str, ground: MaterialSpec, things: Sequence[ThingSpec], stage: Stage) -> PlaceSpec:
    seen = tuple(
        thing
        for thing in things
        if thing.size_m[0] > 100 or stage.in_view(np.array(thing.at_world[:2]), float(np.hypot(*thing.size_m[:2])) / 2)
    )
    return PlaceSpec(kind=kind, style=style, ground=ground, things=seen)  # pyright: ignore[reportArgumentType]


def _ground(pattern: str, rng: Rng) -> MaterialSpec:
    colours = {"asphalt": ((0.09, 0.09, 0.092),), "planks": palettes.FLOOR_WOODS}.get(pattern, STONES)
    return MaterialSpec(
        kind="floor",
        colour=pick(rng, colours),
        second_colour=pick(rng, colours),
        pattern=pattern,
        roughness=0.85,
        scale_m=round(float(rng.uniform(0.14, 0.2) if pattern == "planks" else rng.uniform(0.3, 0.8)), 3),
    )


def _axes(rng: Rng) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
    angle = float(rng.uniform(0, 2 * np.pi))
    return np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])


def _reach(stage: Stage) -> float:
    """Radius about the middle of the people that holds them and the camera."""
    far = [float(np.linalg.norm(middle - stage.centre)) + radius for middle, radius in stage.people]
    return max(*far, float(np.linalg.norm(stage.eye[:2] - stage.centre)) + 0.4)


def _yaw(outward: Float[Array, "2"]) -> float:
    """Turn of a thing whose front looks along `outward`."""
    return float(np.degrees(np.arctan2(outward[1], outward[0])) + 90.0)


def _strip(
    kind: str, middle: Float[Array, "2"], size: tuple[float, float, float], yaw: float, colour: Colour, rng: Rng
) -> ThingSpec:
    """A long flat thing whose top lies at z = 0 (a pavement), or on the road below (a marking)."""
    low = -size[2] if kind == "pavement" else -KERB_M
    return ThingSpec(
        kind=kind,
        at_world=_point(middle, low),
        yaw_deg=round(yaw % 360, 3),
        size_m=(size[0], round(size[1], 3), size[2]),
        colour=colour,
        second_colour=colour,
        variant=int(rng.integers(3)),
    )


def _row_of_houses(
    line: Float[Array, "2"],
    along: Float[Array, "2"],
    front: Float[Array, "2"],
    layout: Layout,
    rng: Rng,
    *,
    low_m: float = 0.0,
) -> list[ThingSpec]:
    """Houses side by side, their fronts on a line; only those that can be seen."""
    found = []
    place = -45.0
    while place < 45.0:
        wide = float(rng.uniform(7.0, 16.0))
        middle = line + along * (place + wide / 2)
        place += wide + (float(rng.uniform(2.0, 8.0)) if rng.uniform() < 0.15 else 0.0)
        brick = rng.uniform() < 0.35
        thing = Piece(
            kind="brick_house" if brick else "house",
            width_m=(wide, wide),
            depth_m=(8.0, 10.0),
            height_m=(6.5, 16.0),
            colours=palettes.BRICKS if brick else palettes.FACADES,
            second_colours=STONES,
            num_variants=1000,
        ).draw(rng)
        centre = middle - front * thing.size_m[1] / 2
        shape = rectangle(centre, (wide, thing.size_m[1]), np.radians(_yaw(front)))
        if layout.is_free(shape, gap_m=0.0):
            layout.take(shape)
            found.append(replace(thing, at_world=_point(centre, low_m), yaw_deg=round(_yaw(front) % 360, 3)))
    return found


def _line_of(
    piece: Piece, line: Float[Array, "2"], along: Float[Array, "2"], layout: Layout, rng: Rng
) -> list[ThingSpec]:
    """Equal walls or fences one after the other."""
    thing = piece.draw(rng)
    found = []
    for number in range(-3, 4):
        middle = line + along * number * thing.size_m[0]
        yaw = float(np.degrees(np.arctan2(along[1], along[0])))
        shape = rectangle(middle, thing.size_m[:2], np.radians(yaw))
        if layout.is_free(shape, gap_m=-0.05):
            layout.take(shape)
            found.append(replace(thing, at_world=_point(middle, 0.0), yaw_deg=round(yaw % 360, 3)))
    return found


def _parked(
    line: Float[Array, "2"], along: Float[Array, "2"], layout: Layout, rng: Rng, *, low_m: float = -KERB_M
) -> list[ThingSpec]:
    """Cars along a kerb, with gaps."""
    found = []
    for place in np.arange(-30.0, 30.0, 5.6):
        if rng.uniform() > 0.5:
            continue
        thing = CAR.draw(rng)
        middle = line + along * (place + float(rng.uniform(-0.4, 0.4)))
        yaw = float(np.degrees(np.arctan2(along[1], along[0]))) + 180.0 * float(rng.integers(2))
        shape = rectangle(middle, thing.size_m[:2], np.radians(yaw))
        if layout.is_free(shape):
            layout.take(shape)
            found.append(replace(thing, at_world=_point(middle, low_m), yaw_deg=round(yaw % 360, 3)))
    return found


def _scattered(
    pieces: Sequence[Piece], layout: Layout, rng: Rng, *, count: int, reach_m: float, kerb: Kerb | None = None
) -> list[ThingSpec]:
    """Things near the people, mostly behind them as the camera sees it.

    Args:
        pieces: what is drawn from.
        layout: what is taken.
        rng: random numbers.
        count: how many are tried.
        reach_m: beyond the people.
        kerb: nothing stands beyond it.
    """
    stage, found = layout.stage, []
    distance = float(np.linalg.norm(stage.centre - stage.eye[:2]))
    for _ in range(count):
        thing = pieces[int(rng.integers(len(pieces)))].draw(rng)
        for _ in range(TRIES):
            depth = (
                distance * float(rng.uniform(0.55, 1.0))
                if rng.uniform() < 0.25
                else distance + reach_m * float(rng.uniform(0, 1))
            )
            middle = stage.moved_in_view(depth, float(rng.uniform(-1.1, 1.1)))
            yaw = float(rng.uniform(0, 360))
            shape = rectangle(middle, thing.size_m[:2], np.radians(yaw))
            crosses = kerb is not None and ((shape - kerb.point) @ kerb.outward).max() > -0.1
            if not crosses and layout.is_free(shape, gap_m=0.15):
                layout.take(shape)
                found.append(replace(thing, at_world=_point(middle, 0.0), yaw_deg=round(yaw, 3)))
                break
    return found


def _far(
    pieces: Sequence[Piece], layout: Layout, rng: Rng, *, count: int, span_m: tuple[float, float]
) -> list[ThingSpec]:
    """Trees at all distances behind the people; four different ones, so that their meshes are shared."""
    stage, found = layout.stage, []
    kinds = [pieces[int(rng.integers(len(pieces)))].draw(rng) for _ in range(4)]
    distance = float(np.linalg.norm(stage.centre - stage.eye[:2]))
    for number in range(count):
        thing = kinds[number % len(kinds)]
        for _ in range(TRIES):
            depth = distance + float(np.exp(rng.uniform(*np.log(span_m))))
            middle = stage.moved_in_view(depth, float(rng.uniform(-1.25, 1.25)))
            shape = rectangle(middle, (1.2, 1.2), 0.0)
            if layout.is_free(shape, gap_m=0.4):
                layout.take(shape)
                found.append(replace(thing, at_world=_point(middle, 0.0), yaw_deg=round(float(rng.uniform(0, 360)), 2)))
                break
    return found


def _grass(stage: Stage, green: Colour, rng: Rng) -> ThingSpec:
    """Blades around the people's feet."""
    wide = 2 * max(float(np.linalg.norm(middle - stage.centre)) + radius for middle, radius in stage.people) + 1.6
    return ThingSpec(
        kind="grass", at_world=_point(stage.centre, 0.0), yaw_deg=0.0, size_m=(round(wide, 3), round(wide, 3), 0.045),
        colour=(round(0.05 + 0.08 * green[0], 4), round(0.10 + 0.08 * green[1], 4), 0.025),
        second_colour=green, variant=int(rng.integers(100)),
    )  # fmt: skip


def _point(middle: Float[Array, "2"], z: float) -> tuple[float, float, float]:
    return (round(float(middle[0]), 4), round(float(middle[1]), 4), round(z, 4))
