"""A room's shell: walls with openings, ceiling, floor, skirting, window frames and doors."""

import bpy
import numpy as np
from jaxtyping import Float
from mathutils import Matrix

from blender_scripts.materials.stuff import stuff_material
from blender_scripts.materials.wall import wall_material
from blender_scripts.meshes import add_mesh, set_materials
from blender_scripts.things.kit import Kit
from cuffs.records import OpeningSpec, RoomSpec
from cuffs.records.surface_spec import Colour

Array = np.ndarray

REVEAL_M = 0.16
"""How deep windows lie in their walls."""

WALL, TRIM, DOOR, METAL = 0, 1, 2, 3
STEEL: Colour = (0.55, 0.55, 0.56)


def add_room(room: RoomSpec) -> None:
    """Build a room's walls, ceiling and what belongs to them.

    Raises:
        RecordError: if a wall's pattern doesn't exist.
    """
    turn = float(np.radians(room.yaw_deg))
    surfaces = [
        wall_material("walls", room.wall, rotation_rad=turn),
        stuff_material("paint", room.trim),
        stuff_material("paint", room.trim),
        stuff_material("metal", STEEL),
    ]
    length, width, height = room.size_m
    for number, (extent, reach) in enumerate(((length, width), (width, length), (length, width), (width, length))):
        kit = Kit()
        openings = sorted((o for o in room.openings if o.wall == number), key=lambda o: o.middle_m)
        _wall(kit, openings, extent, height)
        for opening in openings:
            (_window if opening.kind == "window" else _door)(kit, opening)
        _skirting(kit, openings, extent)
        verts, triangles, material, smooth = kit.merged()
        wall = add_mesh("wall", verts, triangles, smooth=False)
        wall.data.polygons.foreach_set("use_smooth", smooth)
        set_materials(wall, surfaces, material)
        wall.matrix_world = _frame(room, number, reach)
    corners = np.array([[x, y, height] for x, y in ((-1, -1), (-1, 1), (1, 1), (1, -1))]) * [length / 2, width / 2, 1]
    ceiling = add_mesh("ceiling", corners, np.array([[0, 1, 2, 3]]), smooth=False)
    set_materials(ceiling, [wall_material("ceiling", room.ceiling, rotation_rad=turn)])
    ceiling.matrix_world = Matrix.Translation((*room.middle_world, 0)) @ Matrix.Rotation(turn, 4, "Z")


def floor_of(room: RoomSpec) -> tuple[Float[Array, "4 3"], Array]:
    """The floor's outline as one face, world."""
    half = np.array(room.size_m[:2]) / 2 + 0.02
    turn = np.radians(room.yaw_deg)
    cos, sin = np.cos(turn), np.sin(turn)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half @ np.array([[cos, sin], [-sin, cos]])
    return np.column_stack([corners + np.array(room.middle_world), np.zeros(4)]), np.array([[0, 1, 2, 3]])


def _frame(room: RoomSpec, number: int, reach: float) -> Matrix:
    """Of a wall: x to the right as seen from within, y out of the room, its foot's middle at the origin."""
    turn = np.radians(room.yaw_deg) + np.pi + number * np.pi / 2
    middle = Matrix.Translation((*room.middle_world, 0))
    return middle @ Matrix.Rotation(float(turn), 4, "Z") @ Matrix.Translation((0, reach / 2, 0))


def _wall(kit: Kit, openings: list[OpeningSpec], extent: float, height: float) -> None:
    """Upright strips between openings, and what is above and below these."""
    left = -extent / 2
    for opening in openings:
        low, high = opening.middle_m - opening.size_m[0] / 2, opening.middle_m + opening.size_m[0] / 2
        top = opening.sill_m + opening.size_m[1]
        _panel(kit, left, low, 0.0, height)
        _panel(kit, low, high, top, height)
        if opening.sill_m > 0:
            _panel(kit, low, high, 0.0, opening.sill_m)
        left = high
    _panel(kit, left, extent / 2, 0.0, height)


def _panel(kit: Kit, left: float, right: float, low: float, high: float) -> None:
    kit.quad([(left, 0, low), (right, 0, low), (right, 0, high), (left, 0, high)], WALL)


def _window(kit: Kit, opening: OpeningSpec) -> None:
    """Reveal, frame, bars and a sill."""
    (wide, tall), x, low = opening.size_m, opening.middle_m, opening.sill_m
    left, right, top = x - wide / 2, x + wide / 2, low + tall
    for a, b in (
        ((left, low), (left, top)),
        ((left, top), (right, top)),
        ((right, top), (right, low)),
        ((right, low), (left, low)),
    ):
        kit.quad([(a[0], 0, a[1]), (b[0], 0, b[1]), (b[0], REVEAL_M, b[1]), (a[0], REVEAL_M, a[1])], WALL)
    y = REVEAL_M - 0.03
    for side in (left + 0.03, right - 0.03):
        kit.box((side, y, low), (0.06, 0.06, tall), TRIM, bevel_m=0.005)
    for height in (low, top - 0.06):
        kit.box((x, y, height), (wide, 0.06, 0.06), TRIM, bevel_m=0.005)
    for share in np.linspace(0, 1, max(2, round(wide / 0.7) + 1))[1:-1]:
        kit.box((left + float(share) * wide, y, low), (0.05, 0.05, tall), TRIM, bevel_m=0.005)
    if tall > 1.6:
        kit.box((x, y, low + 0.7 * tall), (wide, 0.05, 0.05), TRIM, bevel_m=0.005)
    if low > 0.3:
        kit.box((x, 0.03, low - 0.03), (wide + 0.12, 0.26, 0.03), TRIM, bevel_m=0.006)


def _door(kit: Kit, opening: OpeningSpec) -> None:
    """A closed door with two fields, in its frame."""
    (wide, tall), x = opening.size_m, opening.middle_m
    kit.box((x, 0.03, 0.005), (wide, 0.04, tall), DOOR, bevel_m=0.003)
    for low, high in ((0.15, 0.42 * tall), (0.48 * tall, tall - 0.15)):
        kit.box((x, 0.012, low), (wide - 0.3, 0.012, high - low), DOOR, bevel_m=0.005)
    for side in (-1, 1):
        kit.box((x + side * (wide / 2 + 0.03), 0, 0), (0.08, 0.04, tall + 0.06), TRIM, bevel_m=0.006)
    kit.box((x, 0, tall), (wide + 0.14, 0.04, 0.08), TRIM, bevel_m=0.006)
    kit.rod((x + wide / 2 - 0.08, -0.05, 1.02), (x + wide / 2 - 0.2, -0.05, 1.02), 0.011, METAL)
    kit.rod((x + wide / 2 - 0.08, 0.01, 1.02), (x + wide / 2 - 0.08, -0.055, 1.02), 0.011, METAL)


def _skirting(kit: Kit, openings: list[OpeningSpec], extent: float) -> None:
    left = -extent / 2
    ends = [
        (o.middle_m - o.size_m[0] / 2 - 0.07, o.middle_m + o.size_m[0] / 2 + 0.07) for o in openings if o.sill_m < 0.1
    ]
    for low, high in [*ends, (extent / 2, extent / 2)]:
        if low - left > 0.02:
            kit.box(((left + low) / 2, -0.008, 0), (low - left, 0.016, 0.09), TRIM, bevel_m=0.004)
        left = high


def add_outside(room: RoomSpec, colour: Colour, drop_m: float) -> bpy.types.Object:
    """Ground outside the windows, `drop_m` below the floor; it reaches to the horizon and lies under the room too."""
    half = 200.0
    x, y = room.middle_world
    corners = np.array([[x - half, y - half], [x + half, y - half], [x + half, y + half], [x - half, y + half]])
    ground = add_mesh(
        "outside", np.column_stack([corners, np.full(4, -drop_m)]), np.array([[0, 1, 2, 3]]), smooth=False
    )
    set_materials(ground, [stuff_material("stone", colour)])
    return ground
