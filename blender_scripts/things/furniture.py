"""What stands in rooms. Each builder fills a kit within the thing's size; fronts look towards -y."""

from collections.abc import Callable

import numpy as np

from blender_scripts.things.kit import Kit
from cuffs.records import ThingSpec

Rng = np.random.Generator
Builder = Callable[[Kit, ThingSpec, Rng], None]
"""Surfaces by number in the kit are those of the thing's row in `build.THINGS`."""


def chair(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 frame, 1 seat."""
    w, d, h = spec.size_m
    seat = 0.46
    kit.legs((w, d, seat), thick_m=0.035, material=0, inset_m=0.02, round_legs=bool(rng.integers(2)))
    kit.box((0, 0, seat - 0.02), (w, d, 0.05), 1, bevel_m=0.015)
    back = d / 2 - 0.03
    if rng.integers(2):
        kit.slab((0, back, h - 0.32), (w * 0.95, 0.025, 0.32), 0.12, 1)
        for side in (-1, 1):
            kit.rod((side * (w / 2 - 0.03), back, seat), (side * (w / 2 - 0.03), back + 0.03, h - 0.05), 0.014, 0)
    else:
        for share in np.linspace(-0.42, 0.42, int(rng.integers(4, 8))):
            kit.rod((share * w, back, seat), (share * w, back + 0.05, h - 0.04), 0.01, 0)
        kit.rod((-w * 0.47, back + 0.05, h - 0.03), (w * 0.47, back + 0.05, h - 0.03), 0.018, 0)


def office_chair(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 frame, 1 upholstery."""
    w, d, h = spec.size_m
    for angle in np.arange(5) * 2 * np.pi / 5 + rng.uniform(0, 1):
        kit.rod((0, 0, 0.09), (0.3 * np.cos(angle), 0.3 * np.sin(angle), 0.06), 0.02, 0)
        kit.cushion((0.3 * np.cos(angle), 0.3 * np.sin(angle), 0.03), (0.05, 0.05, 0.06), 0, power=1.0)
    kit.rod((0, 0, 0.08), (0, 0, 0.42), 0.025, 0)
    kit.cushion((0, 0, 0.46), (w, d * 0.85, 0.1), 1)
    kit.cushion((0, d / 2 - 0.06, (0.6 + h) / 2), (w * 0.85, 0.09, h - 0.6), 1)
    kit.rod((0, d / 2 - 0.05, 0.42), (0, d / 2 - 0.05, 0.7), 0.02, 0)
    for side in (-1, 1):
        kit.box((side * w / 2, 0, 0.66), (0.05, 0.26, 0.03), 0)
        kit.rod((side * w / 2, 0.02, 0.45), (side * w / 2, 0.02, 0.66), 0.015, 0)


def sofa(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 feet, 1 upholstery, 2 cushions. Armchairs are narrow sofas."""
    w, d, h = spec.size_m
    arm = min(0.2, 0.14 * w + 0.06)
    kit.legs((w, d, 0.1), thick_m=0.05, material=0, inset_m=0.05)
    kit.box((0, 0, 0.08), (w, d, 0.2), 1, bevel_m=0.03)
    inner = w - 2 * arm
    seats = max(1, round(inner / 0.75))
    for number in range(seats):
        x = (number + 0.5) / seats * inner - inner / 2
        kit.cushion((x, -0.06, 0.36), (inner / seats * 1.0, d - 0.22, 0.19), 1, power=0.2)
        kit.cushion((x, d / 2 - 0.2, 0.42 + (h - 0.42) / 2), (inner / seats * 0.98, 0.2, h - 0.36), 1, power=0.3)
    kit.box((0, d / 2 - 0.08, 0.15), (w - arm, 0.14, h - 0.2), 1, bevel_m=0.04)
    for side in (-1, 1):
        kit.box((side * (w - arm) / 2, 0, 0.1), (arm, d, 0.5 + 0.08 * (spec.variant % 2)), 1, bevel_m=0.05)
    for _ in range(int(rng.integers(0, 3)) if w > 1.2 else 0):
        x = float(rng.uniform(-inner / 2 + 0.2, inner / 2 - 0.2))
        kit.cushion((x, d / 2 - 0.36, 0.6), (0.42, 0.14, 0.4), 2, power=0.45)


def table(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 legs, 1 top, 2 what lies on it."""
    w, d, h = spec.size_m
    if spec.variant % 3 == 2:
        kit.lathe(
            [
                (0.0, h - 0.035),
                (w / 2 - 0.01, h - 0.035),
                (w / 2, h - 0.02),
                (w / 2, h - 0.005),
                (w / 2 - 0.01, h),
                (0.0, h),
            ],
            1,
            sides=40,
        )
        kit.rod((0, 0, 0.03), (0, 0, h - 0.03), 0.05, 0)
        kit.lathe([(0.0, 0.0), (w * 0.28, 0.0), (w * 0.28, 0.02), (0.05, 0.05)], 0)
    else:
        kit.legs((w, d, h - 0.04), thick_m=0.06, material=0, inset_m=0.04, round_legs=spec.variant % 3 == 1)
        kit.box((0, 0, h - 0.04), (w, d, 0.04), 1, bevel_m=0.006)
        kit.box((0, -d / 2 + 0.09, h - 0.12), (w - 0.2, 0.02, 0.08), 0)
        kit.box((0, d / 2 - 0.09, h - 0.12), (w - 0.2, 0.02, 0.08), 0)
    for _ in range(int(rng.integers(0, 5))):
        x, y = rng.uniform(-0.3, 0.3) * w, rng.uniform(-0.3, 0.3) * d
        kind = int(rng.integers(3))
        if kind == 0:
            kit.box((x, y, h), (0.15, 0.21, float(rng.uniform(0.01, 0.05))), 2, yaw=float(rng.uniform(0, 3)))
        elif kind == 1:
            kit.lathe(
                [(0.0, 0.0), (0.035, 0.0), (0.042, 0.09), (0.038, 0.09), (0.03, 0.01), (0.0, 0.01)],
                2,
                at=(x, y, h),
                sides=16,
            )
        else:
            kit.lathe(
                [(0.0, 0.0), (0.05, 0.0), (0.13, 0.06), (0.125, 0.065), (0.05, 0.015), (0, 0.01)], 2, at=(x, y, h)
            )


def shelf(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 boards, 1 books, 2 other things."""
    w, d, h = spec.size_m
    board = 0.022
    for side in (-1, 1):
        kit.box((side * (w - board) / 2, 0, 0), (board, d, h), 0, bevel_m=0.002)
    kit.box((0, d / 2 - 0.005, 0), (w - board, 0.008, h), 0, bevel_m=0.001)
    rows = max(2, round(h / 0.36))
    step = (h - board) / rows
    for row in range(rows + 1):
        kit.box((0, 0, row * step), (w - 2 * board, d - 0.01, board), 0, bevel_m=0.002)
    for row in range(rows):
        _fill_board(kit, rng, width=w - 0.06, depth=d, low=row * step + board, room=step - board - 0.03)


def _fill_board(kit: Kit, rng: Rng, *, width: float, depth: float, low: float, room: float) -> None:
    x = -width / 2
    while x < width / 2 - 0.06:
        kind = rng.uniform()
        if kind < 0.62:
            for _ in range(int(rng.integers(3, 12))):
                thick = float(rng.uniform(0.015, 0.045))
                if x + thick > width / 2:
                    return
                tall = room * float(rng.uniform(0.6, 0.95))
                deep = min(depth - 0.05, float(rng.uniform(0.14, 0.22)))
                kit.box(
                    (x + thick / 2, -0.02 + float(rng.uniform(-0.02, 0.01)), low),
                    (thick * 0.96, deep, tall),
                    1,
                    bevel_m=0.002,
                )
                x += thick
        elif kind < 0.8:
            wide = float(rng.uniform(0.12, 0.3))
            if x + wide < width / 2:
                kit.box((x + wide / 2, 0, low), (wide * 0.9, depth * 0.75, room * float(rng.uniform(0.4, 0.85))), 2)
            x += wide
        elif kind < 0.9:
            radius = float(rng.uniform(0.04, 0.07))
            tall = room * float(rng.uniform(0.5, 0.9))
            profile = [
                (0.0, 0.0),
                (radius * 0.6, 0.0),
                (radius, tall * 0.4),
                (radius * 0.5, tall * 0.8),
                (radius * 0.6, tall),
            ]
            kit.lathe(profile, 2, at=(x + 0.09, 0, low), sides=16)
            x += 0.2
        else:
            x += float(rng.uniform(0.05, 0.3))


def cabinet(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 body, 1 handles, 2 what stands on it. Sideboards, drawers, wardrobes, kitchen units, by size."""
    w, d, h = spec.size_m
    plinth = 0.06
    kit.box((0, 0.02, 0), (w - 0.04, d - 0.06, plinth), 0)
    kit.box((0, 0.01, plinth), (w, d - 0.02, h - plinth), 0)
    columns = max(1, round(w / (0.5 if h > 1.2 else 0.45)))
    rows = 1 if h > 1.2 or spec.variant % 2 else max(1, round(h / 0.28))
    gap, front = 0.006, -d / 2 + 0.002
    cell_w, cell_h = w / columns, (h - plinth - 0.02) / rows
    for column in range(columns):
        for row in range(rows):
            x, low = (column + 0.5) * cell_w - w / 2, plinth + row * cell_h
            kit.box((x, front, low + gap), (cell_w - gap, 0.022, cell_h - gap), 0, bevel_m=0.004)
            if rows > 1:
                kit.rod(
                    (x - 0.06, front - 0.03, low + cell_h * 0.6),
                    (x + 0.06, front - 0.03, low + cell_h * 0.6),
                    0.006,
                    1,
                    sides=6,
                )
            else:
                side = x + (cell_w / 2 - 0.05) * (1 if column % 2 == 0 else -1)
                kit.rod(
                    (side, front - 0.03, low + cell_h * 0.45),
                    (side, front - 0.03, low + cell_h * 0.6),
                    0.006,
                    1,
                    sides=6,
                )
    if h < 1.2:
        for _ in range(int(rng.integers(0, 5))):
            x = float(rng.uniform(-0.42, 0.42)) * w
            tall, radius = float(rng.uniform(0.12, 0.35)), float(rng.uniform(0.04, 0.09))
            if rng.integers(2):
                kit.lathe(
                    [
                        (0.0, 0.0),
                        (radius * 0.7, 0.0),
                        (radius, tall * 0.35),
                        (radius * 0.4, tall * 0.8),
                        (radius * 0.55, tall),
                    ],
                    2,
                    at=(x, 0, h),
                    sides=18,
                )
            else:
                kit.box((x, 0, h), (radius * 2, radius * 1.6, tall * 0.6), 2)


def bed(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 frame, 1 sheet, 2 blanket. The head is at +y."""
    w, d, h = spec.size_m
    kit.legs((w, d, 0.15), thick_m=0.07, material=0)
    kit.box((0, 0, 0.14), (w, d, 0.16), 0, bevel_m=0.01)
    kit.box((0, d / 2 - 0.03, 0.14), (w, 0.06, h - 0.14), 0, bevel_m=0.02)
    kit.cushion((0, -0.03, 0.38), (w - 0.05, d - 0.14, 0.26), 1, power=0.15)
    kit.cushion((0, -0.25, 0.44), (w + 0.02, d - 0.6, 0.2), 2, power=0.15)
    pillows = 2 if w > 1.2 else 1
    for number in range(pillows):
        x = ((number + 0.5) / pillows - 0.5) * (w - 0.2)
        kit.cushion((x + float(rng.normal(0, 0.02)), d / 2 - 0.35, 0.56), (0.62, 0.42, 0.18), 1, power=0.5)


def television(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 case, 1 screen."""
    w, _, h = spec.size_m
    kit.box((0, 0, 0.06), (w, 0.04, h - 0.06), 0, bevel_m=0.006)
    kit.quad(
        [
            (-w / 2 + 0.01, -0.021, 0.075),
            (w / 2 - 0.01, -0.021, 0.075),
            (w / 2 - 0.01, -0.021, h - 0.015),
            (-w / 2 + 0.01, -0.021, h - 0.015),
        ],
        1,
    )
    kit.box((0, 0, 0), (w * 0.3, 0.18, 0.015), 0)
    kit.box((0, 0.01, 0.01), (0.08, 0.03, 0.08), 0)


def desk_set(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 legs, 1 top, 2 papers, 3 case, 4 screen: a desk with a monitor, keyboard and papers."""
    w, d, h = spec.size_m
    kit.legs((w, d, h - 0.03), thick_m=0.045, material=0, inset_m=0.02)
    kit.box((0, 0, h - 0.03), (w, d, 0.03), 1)
    for number in range(1 + spec.variant % 2):
        x = (number - 0.5 * (spec.variant % 2)) * 0.62
        kit.box((x, 0.16, h), (0.22, 0.16, 0.012), 3)
        kit.box((x, 0.2, h), (0.04, 0.03, 0.2), 3)
        kit.box((x, 0.16, h + 0.12), (0.56, 0.03, 0.34), 3)
        kit.quad(
            [
                (x - 0.27, 0.144, h + 0.13),
                (x + 0.27, 0.144, h + 0.13),
                (x + 0.27, 0.144, h + 0.45),
                (x - 0.27, 0.144, h + 0.45),
            ],
            4,
        )
    kit.box((0, -0.12, h), (0.42, 0.13, 0.018), 3)
    for _ in range(int(rng.integers(1, 6))):
        x, y = rng.uniform(-0.42, 0.42) * w, rng.uniform(-0.35, 0.2) * d
        kit.box(
            (x, y, h), (0.21, 0.29, float(rng.uniform(0.002, 0.03))), 2, yaw=float(rng.uniform(0, 3)), bevel_m=0.001
        )


def floor_lamp(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 stand, 1 shade."""
    w, _, h = spec.size_m
    kit.lathe([(0.0, 0.0), (0.14, 0.0), (0.14, 0.015), (0.02, 0.03)], 0)
    kit.rod((0, 0, 0.02), (0, 0, h - 0.1), 0.012, 0)
    tall = float(rng.uniform(0.2, 0.34))
    kit.lathe([(w / 2, h - tall), (w / 2 * float(rng.uniform(0.5, 1.0)), h)], 1)


def pendant(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 cord, 1 shade, 2 bulb: hangs from `at_world` + height."""
    w, _, h = spec.size_m
    kit.rod((0, 0, w * 0.5), (0, 0, h), 0.004, 0, sides=6)
    kit.lathe([(w / 2, 0.0), (w * 0.42, w * 0.25), (w * 0.1, w * 0.5), (0.0, w * 0.52)], 1)
    kit.cushion((0, 0, w * 0.12), (0.09, 0.09, 0.11), 2, power=1.0)


def ceiling_panel(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 frame, 1 light: a flat lamp whose lower face shines."""
    w, d, h = spec.size_m
    kit.box((0, 0, 0.004), (w, d, h), 0, bevel_m=0.003)
    kit.quad(
        [
            (-w / 2 + 0.02, d / 2 - 0.02, 0),
            (w / 2 - 0.02, d / 2 - 0.02, 0),
            (w / 2 - 0.02, -d / 2 + 0.02, 0),
            (-w / 2 + 0.02, -d / 2 + 0.02, 0),
        ],
        1,
    )


def potted_plant(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 pot, 1 soil, 2 leaves, 3 stems."""
    w, _, h = spec.size_m
    pot_h, pot_r = min(0.45, 0.28 * h), 0.28 * w
    kit.lathe([(0.0, 0.0), (pot_r * 0.75, 0.0), (pot_r, pot_h), (pot_r * 0.9, pot_h), (pot_r * 0.88, pot_h - 0.04)], 0)
    kit.lathe([(pot_r * 0.9, pot_h - 0.05), (0.0, pot_h - 0.03)], 1)
    for angle in rng.uniform(0, 2 * np.pi, int(rng.integers(9, 26))):
        lean, length = float(rng.uniform(0.15, 1.1)), float(rng.uniform(0.5, 1.0)) * (h - pot_h)
        outward = np.array([np.cos(angle), np.sin(angle), 0.0])
        tip = np.array([0, 0, pot_h]) + length * (np.sin(lean) * outward * 0.8 + np.cos(lean) * np.array([0, 0, 1.0]))
        kit.rod((0, 0, pot_h - 0.05), tuple(tip.tolist()), 0.006, 3, sides=5)
        _blade(
            kit,
            tip,
            outward,
            length=float(rng.uniform(0.3, 0.55)) * w + 0.08,
            droop=float(rng.uniform(0.2, 1.0)),
            rng=rng,
        )


def _blade(kit: Kit, tip: np.ndarray, outward: np.ndarray, *, length: float, droop: float, rng: Rng) -> None:
    """A broad leaf of five cross-sections that hangs over."""
    steps = np.linspace(0, 1, 6)
    along = outward[None] * steps[:, None] * length
    drop = np.stack([0 * steps, 0 * steps, 0.35 * steps * length - droop * length * steps**2], 1)
    middle = tip + along + drop
    across = np.cross(outward, [0, 0, 1.0])
    width = length * float(rng.uniform(0.16, 0.3)) * np.sin(np.pi * np.clip(steps * 0.92 + 0.06, 0, 1))
    lift = np.array([0, 0, 0.25]) * width[:, None]
    verts = np.stack([middle - across * width[:, None] + lift, middle, middle + across * width[:, None] + lift], 1)
    triangles = []
    for step in range(5):
        for side in range(2):
            a, b = 3 * step + side, 3 * step + side + 1
            triangles += [[a, b, b + 3], [a, b + 3, a + 3]]
    kit.add(verts.reshape(-1, 3), np.array(triangles), 2, smooth=True)


def framed_picture(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 frame, 1 mount, 2 print: hangs on a wall behind it."""
    w, d, h = spec.size_m
    kit.box((0, 0, 0), (w, d, h), 0, bevel_m=0.004)
    front = -d / 2 - 0.001
    kit.quad(
        [
            (-w / 2 + 0.02, front, 0.02),
            (w / 2 - 0.02, front, 0.02),
            (w / 2 - 0.02, front, h - 0.02),
            (-w / 2 + 0.02, front, h - 0.02),
        ],
        1,
    )
    edge = 0.02 + 0.12 * min(w, h) * float(rng.integers(2))
    kit.quad(
        [
            (-w / 2 + edge, front - 0.001, edge),
            (w / 2 - edge, front - 0.001, edge),
            (w / 2 - edge, front - 0.001, h - edge),
            (-w / 2 + edge, front - 0.001, h - edge),
        ],
        2,
    )


def rug(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 pile."""
    w, d, h = spec.size_m
    if spec.variant % 4 == 3:
        kit.lathe([(w / 2, 0.0), (w / 2 - 0.01, h), (0.0, h)], 0, sides=48)
    else:
        kit.box((0, 0, 0), (w, d, h), 0, bevel_m=0.005)


def curtain(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 cloth: hangs in waves."""
    w, d, h = spec.size_m
    x = np.linspace(-w / 2, w / 2, max(24, int(w * 60)))
    waves = d / 2 * np.sin(x * 2 * np.pi / float(rng.uniform(0.1, 0.16)) + rng.uniform(0, 6))
    rows = np.linspace(0, h, 4)
    spread = 1.0 + 0.15 * np.cos(np.pi * rows / h)
    verts = np.stack([np.stack([x, waves * s, np.full_like(x, z)], 1) for z, s in zip(rows, spread, strict=True)])
    count = len(x)
    row, column = np.meshgrid(np.arange(3), np.arange(count - 1), indexing="ij")
    a = (row * count + column).ravel()
    triangles = np.concatenate([np.stack([a, a + 1, a + count + 1], 1), np.stack([a, a + count + 1, a + count], 1)])
    kit.add(verts.reshape(-1, 3), triangles, 0, smooth=True)


def radiator(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 body."""
    w, d, h = spec.size_m
    for x in np.arange(-w / 2 + 0.03, w / 2 - 0.02, 0.06):
        kit.box((float(x), 0, 0.1), (0.05, d, h - 0.1), 0, bevel_m=0.012)


def fridge(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 body, 1 handles."""
    w, d, h = spec.size_m
    kit.box((0, 0.02, 0), (w, d - 0.04, h), 0)
    for low, high in ((0.02, h * 0.36), (h * 0.37, h)):
        kit.box((0, -d / 2 + 0.02, low), (w - 0.004, 0.04, high - low - 0.008), 0, bevel_m=0.012)
        kit.rod(
            (w / 2 - 0.06, -d / 2 - 0.03, low + 0.1), (w / 2 - 0.06, -d / 2 - 0.03, min(high - 0.1, low + 0.6)), 0.01, 1
        )


def counter(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 fronts, 1 handles, 2 what stands on it, 3 worktop: kitchen units under a worktop."""
    w, d, h = spec.size_m
    kit.box((0, 0.02, 0), (w - 0.02, d - 0.1, 0.1), 1)
    kit.box((0, 0.01, 0.1), (w, d - 0.04, h - 0.14), 0)
    kit.box((0, 0, h - 0.04), (w + 0.01, d, 0.04), 3)
    columns = max(1, round(w / 0.6))
    for column in range(columns):
        x = (column + 0.5) * w / columns - w / 2
        kit.box((x, -d / 2 + 0.025, 0.105), (w / columns - 0.006, 0.02, h - 0.16), 0, bevel_m=0.004)
        kit.rod((x - 0.1, -d / 2, h - 0.14), (x + 0.1, -d / 2, h - 0.14), 0.006, 1, sides=6)
    for x in rng.uniform(-0.45, 0.45, int(rng.integers(2, 7))) * w:
        tall, radius = float(rng.uniform(0.1, 0.32)), float(rng.uniform(0.04, 0.09))
        kit.lathe(
            [(0.0, 0.0), (radius, 0.0), (radius, tall * 0.7), (radius * 0.5, tall * 0.8), (radius * 0.5, tall)],
            2,
            at=(float(x), float(rng.uniform(0.0, 0.15)), h),
            sides=16,
        )


def carton(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 card."""
    kit.box((0, 0, 0), spec.size_m, 0, bevel_m=0.004)


def ball(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 skin."""
    w = spec.size_m[0]
    kit.cushion((0, 0, w / 2), (w, w, w), 0, power=1.0)


def column(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 stone: a pillar from floor to ceiling, round or square."""
    w, d, h = spec.size_m
    if spec.variant % 2:
        kit.lathe([(w / 2, 0.0), (w / 2, h)], 0, sides=40)
    else:
        kit.box((0, 0, 0), (w, d, h), 0, bevel_m=0.015)


def wall_bars(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 wood: a gym's."""
    w, _, h = spec.size_m
    for side in (-1, 0, 1):
        kit.box((side * (w / 2 - 0.02), 0.05, 0), (0.04, 0.1, h), 0)
    for low in np.arange(0.2, h - 0.05, 0.14):
        kit.rod((-w / 2 + 0.02, 0.02, float(low)), (w / 2 - 0.02, 0.02, float(low)), 0.018, 0, sides=8)


def rack(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 posts, 1 boards, 2 cartons: a warehouse's."""
    w, d, h = spec.size_m
    for x in (-w / 2, w / 2):
        for y in (-d / 2, d / 2):
            kit.box((x, y, 0), (0.08, 0.08, h), 0, bevel_m=0.004)
    levels = max(2, round(h / 1.3))
    for level in range(levels):
        low = 0.15 + level * h / levels
        kit.box((0, 0, low), (w, d, 0.08), 1)
        x = -w / 2 + 0.1
        while x < w / 2 - 0.5:
            wide = float(rng.uniform(0.3, 0.9))
            if x + wide > w / 2:
                break
            if rng.uniform() < 0.8:
                kit.box(
                    (x + wide / 2, 0, low + 0.08),
                    (wide * 0.94, d * float(rng.uniform(0.6, 0.95)), float(rng.uniform(0.25, 0.7 * h / levels + 0.1))),
                    2,
                )
            x += wide
