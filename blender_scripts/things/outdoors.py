"""What stands in streets and parks. Each builder fills a kit within the thing's size; fronts look towards -y."""

import numpy as np
from jaxtyping import Float

from blender_scripts.things.kit import Kit, grid_triangles, superellipsoid
from cuffs.records import ThingSpec

Array = np.ndarray
Rng = np.random.Generator


def leaf_cloud(
    kit: Kit,
    rng: Rng,
    blobs: tuple[Float[Array, "n 3"], Float[Array, "n 3"]],
    *,
    count: int,
    leaf_m: float,
    material: int,
) -> None:
    """Loose leaves around some ellipsoids, denser towards their outsides, as trees hold them towards the light.

    Args:
        kit: gets the leaves.
        rng: random numbers.
        blobs: middles and radii of the ellipsoids, metres.
        count: of the leaves.
        leaf_m: their length.
        material: their number among the thing's surfaces.
    """
    centres, radii = blobs
    which = rng.integers(len(centres), size=count)
    direction = rng.normal(size=(count, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    place = centres[which] + direction * radii[which] * rng.uniform(0.35, 1.0, (count, 1)) ** 0.4
    along = rng.normal(size=(count, 3))
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    across = np.cross(along, rng.normal(size=(count, 3)))
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    size = leaf_m * rng.uniform(0.6, 1.3, (count, 1))
    corners = np.stack([-along * size, across * size * 0.45, along * size, -across * size * 0.45], 1) / 2
    verts = (place[:, None] + corners).reshape(-1, 3)
    first = 4 * np.arange(count)[:, None]
    triangles = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    kit.add(verts, triangles, material)


def tree(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 bark, 1 leaves. Broad-leaved; near ones have more and smaller leaves."""
    w, _, h = spec.size_m
    trunk = h * float(rng.uniform(0.25, 0.4))
    radius = 0.022 * h
    top = np.array([*rng.normal(0, 0.03 * h, 2), trunk])
    kit.rod((0, 0, 0), (0, 0, 0.15), (radius * 1.6, radius * 1.1))
    kit.rod((0, 0, 0.1), tuple(top), (radius * 1.1, radius * 0.85))
    num = int(rng.integers(9, 15))
    angle, lift = rng.uniform(0, 2 * np.pi, num), rng.uniform(0.0, 1.0, num)
    reach = w / 2 * 0.66 * np.sqrt(np.clip(1 - (2 * lift - 0.8) ** 2 * 0.6, 0.15, 1)) * rng.uniform(0.5, 1.0, num)
    centres = np.stack([reach * np.cos(angle), reach * np.sin(angle), trunk + (h - trunk) * (0.12 + 0.72 * lift)], 1)
    centres[0] = [0, 0, trunk + 0.8 * (h - trunk)]
    radii = np.column_stack([rng.uniform(0.2, 0.3, (num, 2)) * w, rng.uniform(0.13, 0.2, num) * (h - trunk) * 1.3])
    for centre in centres:
        kit.rod(tuple(top), tuple(centre), (radius * 0.5, radius * 0.1), sides=6)
    count = int(np.clip(1300 * w, 2500, 8000))
    leaf_cloud(kit, rng, (centres, radii), count=count, leaf_m=1.9 * w / np.sqrt(count) * 2.2, material=1)


def conifer(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 bark, 1 needles."""
    w, _, h = spec.size_m
    kit.rod((0, 0, 0), (0, 0, h * 0.95), (0.02 * h, 0.004 * h))
    count = 2600
    share = rng.uniform(0.0, 1.0, count) ** 0.75
    angle = rng.uniform(0, 2 * np.pi, count)
    whorl = 0.75 + 0.25 * np.cos(share * 60)
    radius = (w / 2) * (1 - share) * whorl * rng.uniform(0.55, 1.0, count) + 0.05
    place = np.stack([radius * np.cos(angle), radius * np.sin(angle), h * (0.1 + 0.9 * share) - 0.25 * radius], 1)
    leaf_cloud(kit, rng, (place, np.full((count, 3), 0.06)), count=count * 2, leaf_m=0.055 * h, material=1)


def bush(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 leaves."""
    w, d, h = spec.size_m
    num = int(rng.integers(5, 10))
    centres = np.column_stack(
        [rng.uniform(-0.28, 0.28, num) * w, rng.uniform(-0.28, 0.28, num) * d, rng.uniform(0.3, 0.62, num) * h]
    )
    radii = np.column_stack(
        [rng.uniform(0.2, 0.3, num) * w, rng.uniform(0.2, 0.3, num) * d, rng.uniform(0.25, 0.38, num) * h]
    )
    leaf_cloud(kit, rng, (centres, radii), count=2200, leaf_m=0.11 * float(np.sqrt(max(w, h))), material=0)


def hedge(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 leaves, 1 what is behind them."""
    w, d, h = spec.size_m
    kit.box((0, 0, 0), (w * 0.97, d * 0.8, h * 0.95), 1)
    count = int(min(9000, 900 * w * h))
    side = rng.uniform(-0.5, 0.5, (count, 3)) * (w, d, h) + (0, 0, h / 2)
    axis = rng.choice(3, count, p=[0.08, 0.62, 0.3])
    rows = np.arange(count)
    side[rows, axis] = np.where(axis == 2, h, np.sign(side[rows, axis]) * np.array([w, d, h])[axis] / 2)
    leaf_cloud(kit, rng, (side, np.full((count, 3), 0.05)), count=count, leaf_m=0.1, material=0)


def grass(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 blades: a patch of them, `size_m[2]` high, thinner towards its edge."""
    w, d, h = spec.size_m
    count = int(min(26000, 1500 * w * d))
    radius, angle = np.sqrt(rng.uniform(0, 1, count)), rng.uniform(0, 2 * np.pi, count)
    root = np.stack([radius * np.cos(angle) * w / 2, radius * np.sin(angle) * d / 2, np.zeros(count)], 1)
    turn = rng.uniform(0, 2 * np.pi, count)
    across = np.stack([np.cos(turn), np.sin(turn), np.zeros(count)], 1)
    lean = rng.normal(0, 0.45, (count, 1)) * np.stack([-np.sin(turn), np.cos(turn), np.zeros(count)], 1)
    tall = h * rng.uniform(0.4, 1.0, (count, 1)) * (1.15 - radius[:, None] ** 4)
    tip = root + tall * (np.array([0, 0, 1.0]) + lean)
    verts = np.stack([root - 0.004 * across, root + 0.004 * across, tip], 1).reshape(-1, 3)
    kit.add(verts, np.arange(3 * count).reshape(-1, 3), 0)


def lamp_post(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 metal, 1 light."""
    _, _, h = spec.size_m
    kit.lathe([(0.0, 0.0), (0.11, 0.0), (0.1, 0.5), (0.05, 0.6)], 0, sides=14)
    kit.rod((0, 0, 0.5), (0, 0, h - 0.2), (0.05, 0.035), 0)
    if spec.variant % 2:
        kit.rod((0, 0, h - 0.25), (0, -0.9, h - 0.05), 0.03, 0)
        kit.box((0, -1.05, h - 0.1), (0.22, 0.5, 0.09), 0)
        kit.quad(
            [(-0.09, -0.84, h - 0.101), (0.09, -0.84, h - 0.101), (0.09, -1.26, h - 0.101), (-0.09, -1.26, h - 0.101)],
            1,
        )
    else:
        kit.cushion((0, 0, h - 0.05), (0.34, 0.34, 0.34), 1, power=1.0)
        kit.lathe([(0.18, h + 0.06), (0.05, h + 0.15), (0, h + 0.16)], 0, sides=14)


def waste_bin(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 body, 1 rim."""
    w, d, h = spec.size_m
    if spec.variant % 2:
        kit.lathe([(0.0, 0.03), (w * 0.42, 0.03), (w / 2, h * 0.85), (w / 2, h * 0.86)], 0)
        kit.lathe([(w / 2 + 0.01, h * 0.82), (w / 2 + 0.01, h * 0.88), (w * 0.3, h), (0.0, h)], 1)
    else:
        kit.box((0, 0, 0.05), (w, d, h - 0.1), 0, bevel_m=0.03)
        kit.box((0, 0, h - 0.06), (w + 0.04, d + 0.04, 0.06), 1, bevel_m=0.02)


def bench(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 slats, 1 frame."""
    w, d, h = spec.size_m
    for x in (-w / 2 + 0.15, w / 2 - 0.15):
        kit.box((x, 0, 0), (0.06, d * 0.85, 0.4), 1)
        kit.slab((x, d / 2 - 0.1, 0.38), (0.05, 0.05, h - 0.38), 0.25, 1)
    for y in np.linspace(-d / 2 + 0.05, d / 2 - 0.14, 4):
        kit.box((0, float(y), 0.41), (w, d / 5.2, 0.035), 0)
    for low in np.linspace(0.52, h - 0.12, 3):
        lean = (low - 0.38) * np.tan(0.25)
        kit.slab((0, d / 2 - 0.14 + float(lean), float(low)), (w, 0.03, 0.1), 0.25, 0)


def bollard(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 metal, 1 band."""
    w, _, h = spec.size_m
    kit.lathe([(w / 2, 0.0), (w / 2, h * 0.92), (w * 0.35, h), (0.0, h)], 0, sides=18)
    kit.lathe([(w / 2 + 0.003, h * 0.74), (w / 2 + 0.003, h * 0.84)], 1, sides=18)


def sign_post(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 post, 1 sign, 2 its middle."""
    w, _, h = spec.size_m
    kit.rod((0, 0, 0), (0, 0, h), 0.03, 0)
    corners = (3, 4, 30, 8)[spec.variant % 4]
    angle = np.arange(corners) * 2 * np.pi / corners + np.pi / corners * (corners == 4) + np.pi / 2 * (corners == 3)
    for share, material, gap in ((1.0, 1, 0.04), (0.8, 2, 0.044)):
        rim = np.stack(
            [np.cos(angle) * w / 2 * share, np.full(corners, -gap), np.sin(angle) * w / 2 * share + h - w / 2], 1
        )
        middle = rim.mean(0)
        around = np.arange(corners)
        kit.add(
            np.concatenate([rim, [middle]]),
            np.stack([around, (around + 1) % corners, np.full(corners, corners)], 1),
            material,
        )


def planter(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 tub, 1 soil, 2 leaves."""
    w, d, h = spec.size_m
    tub = 0.45 * h
    kit.box((0, 0, 0), (w, d, tub), 0, bevel_m=0.02)
    kit.box((0, 0, tub - 0.02), (w - 0.08, d - 0.08, 0.03), 1)
    centres = np.array([[x, 0, tub + 0.22 * h] for x in np.linspace(-w / 2 + 0.2, w / 2 - 0.2, max(2, int(w / 0.35)))])
    leaf_cloud(kit, rng, (centres, np.full((len(centres), 3), 0.28 * h)), count=1500, leaf_m=0.09, material=2)


def fence(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 wood or metal."""
    w, _, h = spec.size_m
    if spec.variant % 2:
        step = 0.13
        for x in np.arange(-w / 2 + step / 2, w / 2, step):
            kit.box((float(x), 0, 0.05), (step * 0.8, 0.02, h - 0.05 + float(rng.normal(0, 0.004))), 0, bevel_m=0.003)
        for low in (0.25 * h, 0.75 * h):
            kit.box((0, 0.03, low), (w, 0.04, 0.08), 0)
    else:
        for x in np.arange(-w / 2, w / 2 + 0.01, 0.12):
            kit.rod((float(x), 0, 0), (float(x), 0, h), 0.009, 0, sides=6)
        for low in (0.12, h - 0.08):
            kit.box((0, 0, low), (w, 0.03, 0.04), 0, bevel_m=0.004)


def rock(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 stone."""
    verts, triangles = superellipsoid(spec.size_m, 0.8)
    lumps = 1 + 0.14 * np.sin(verts @ rng.normal(0, 4 / max(spec.size_m), (3, 3))).sum(1, keepdims=True) / 2
    kit.add(verts * lumps + (0, 0, spec.size_m[2] * 0.3), triangles, 0, smooth=True)


def car(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 lacquer, 1 glass, 2 tyres, 3 rims, 4 front lights, 5 rear lights, 6 trim. It points towards +x."""
    length, d, h = spec.size_m
    van = spec.variant % 4 == 3
    sill, belt = 0.24, h * (0.62 if not van else 0.55)
    t = np.array([0.0, 0.015, 0.05, 0.2, 0.32, 0.7, 0.9, 0.975, 1.0])
    tops = {
        0: [0.55, 0.8, 0.9, 0.98, 1.0, 1.0, 0.92, 0.78, 0.5],
        1: [0.55, 0.85, 1.0, 1.02, 1.0, 0.98, 0.86, 0.72, 0.5],
        2: [0.55, 0.76, 0.86, 0.94, 1.0, 1.0, 0.92, 0.78, 0.5],
        3: [0.6, 1.0, 1.02, 1.02, 1.02, 1.0, 0.95, 0.8, 0.5],
    }[spec.variant % 4]
    width = d / 2 * np.array([0.72, 0.84, 0.92, 0.99, 1.0, 1.0, 0.97, 0.86, 0.7])
    x = (t - 0.5) * length
    rows = []
    for place, half, top in zip(x, width, belt * np.array(tops), strict=True):
        outline = [
            (-0.88, sill),
            (-1.0, sill + 0.12),
            (-1.0, 0.75 * top),
            (-0.93, top),
            (0.93, top),
            (1.0, 0.75 * top),
            (1.0, sill + 0.12),
            (0.88, sill),
        ]
        rows.append([[place, share * half, z] for share, z in outline])
    _loft(kit, np.array(rows), 0)
    ends = {
        0: (0.1, 0.22, 0.56, 0.72),
        1: (0.02, 0.1, 0.55, 0.7),
        2: (0.18, 0.34, 0.52, 0.68),
        3: (0.01, 0.04, 0.72, 0.88),
    }
    back, roof_back, roof_front, front = ((np.array(ends[spec.variant % 4])) - 0.5) * length
    inner, upper = d / 2 * 0.94, d / 2 * 0.76
    cabin = np.array([
        [[low, -inner, belt * 0.97], [low, inner, belt * 0.97], [high, upper, h - 0.04], [high, -upper, h - 0.04]]
        for low, high in ((back, roof_back), (front, roof_front))
    ])  # fmt: skip
    _loft(kit, cabin, 1)
    kit.cushion(
        ((roof_back + roof_front) / 2, 0, h - 0.04),
        (roof_front - roof_back + 0.25, 2 * upper + 0.06, 0.09),
        0,
        power=0.4,
    )
    for side in (-1, 1):
        for share in (0.0, 0.5, 1.0):
            low_x, high_x = back + share * (front - back), roof_back + share * (roof_front - roof_back)
            kit.rod((low_x, side * inner, belt * 0.96), (high_x, side * upper, h - 0.05), 0.03, 0, sides=6)
        for place in (-0.31, 0.3):
            wheel = (place * length, side * (d / 2 - 0.1), 0.31)
            kit.rod((wheel[0], wheel[1] - 0.1, 0.31), (wheel[0], wheel[1] + 0.1, 0.31), 0.31, 2, sides=24)
            kit.rod((wheel[0], wheel[1] - 0.103, 0.31), (wheel[0], wheel[1] + 0.103, 0.31), 0.2, 3, sides=12)
        kit.cushion((length / 2 - 0.08, side * d * 0.36, belt * 0.72), (0.18, 0.34, 0.13), 4, power=0.5)
        kit.cushion((-length / 2 + 0.05, side * d * 0.38, belt * 0.75), (0.1, 0.26, 0.16), 5, power=0.5)
    kit.box((0, 0, 0.16), (length * 0.96, d * 0.86, 0.2), 6, bevel_m=0.03)


def _loft(kit: Kit, rows: Float[Array, "sections points 3"], material: int) -> None:
    """A closed skin over sections, with flat ends."""
    sections, points, _ = rows.shape
    verts = rows.reshape(-1, 3)
    sides = grid_triangles(sections, points, closed=True)
    fan = np.stack([np.zeros(points - 2, int), np.arange(1, points - 1), np.arange(2, points)], 1)
    last = (sections - 1) * points
    kit.add(verts, np.concatenate([sides, fan[:, ::-1], fan + last]), material)


def facade(kit: Kit, spec: ThingSpec, rng: Rng) -> None:
    """0 wall, 1 glass, 2 frames, 3 ground floor, 4 doors, 5 roof: a house whose front is at -y."""
    w, d, h = spec.size_m
    ground_floor, storey = 3.4, 3.0
    kit.box((0, d / 2, ground_floor), (w, d, h - ground_floor), 0, bevel_m=0.02)
    kit.box((0, d / 2 + 0.03, 0), (w, d, ground_floor), 3, bevel_m=0.02)
    kit.box((0, d / 2 - 0.1, ground_floor - 0.1), (w + 0.1, d + 0.2, 0.22), 2)
    kit.box((0, d / 2 - 0.15, h - 0.05), (w + 0.3, d + 0.5, 0.25), 5)
    columns = max(2, round(w / float(rng.uniform(1.8, 2.8))))
    step = w / columns
    wide, tall = step * float(rng.uniform(0.4, 0.62)), float(rng.uniform(1.3, 1.9))
    balconies = rng.uniform() < 0.35
    for column_number in range(columns):
        x = (column_number + 0.5) * step - w / 2
        for floor in range(int((h - ground_floor) / storey)):
            low = ground_floor + 0.75 + floor * storey
            _window(kit, x, low, wide, tall)
            if balconies and column_number % 2 == 0:
                kit.box((x, -0.55, low - 0.35), (step * 0.9, 1.1, 0.14), 2)
                for rail in np.linspace(-step * 0.43, step * 0.43, 9):
                    kit.rod(
                        (x + float(rail), -1.05, low - 0.25), (x + float(rail), -1.05, low + 0.75), 0.014, 2, sides=5
                    )
                kit.box((x, -1.05, low + 0.72), (step * 0.9, 0.05, 0.05), 2)
    _ground_floor(kit, rng, w)
    for verts in kit.verts:
        verts[:, 1] -= d / 2  # built with its front at y = 0


def _ground_floor(kit: Kit, rng: Rng, w: float) -> None:
    x = -w / 2 + 0.3
    while x < w / 2 - 1.2:
        if rng.uniform() < 0.35:
            kit.box((x + 0.55, 0.02, 0), (1.05, 0.1, 2.3), 4)
            kit.box((x + 0.55, 0.0, 0), (1.25, 0.06, 2.42), 2)
            x += 1.5
        else:
            wide = min(float(rng.uniform(1.2, 3.2)), w / 2 - x - 0.1)
            _window(kit, x + wide / 2, 0.45, wide * 0.94, 2.2)
            if rng.uniform() < 0.4:
                kit.slab((x + wide / 2, -0.75, 2.5), (wide, 0.04, 0.95), 0.9, 4)
            x += wide + 0.25


def _window(kit: Kit, x: float, low: float, wide: float, tall: float) -> None:
    """Frame, pane and sill before a wall at y = 0."""
    for side in (-1, 1):
        kit.box((x + side * wide / 2, -0.01, low), (0.08, 0.1, tall), 2, bevel_m=0.01)
    for height in (low - 0.04, low + tall):
        kit.box((x, -0.02, height), (wide + 0.16, 0.14, 0.08), 2, bevel_m=0.01)
    kit.box((x, 0.0, low), (0.05, 0.07, tall), 2, bevel_m=0.01)
    y = -0.012
    kit.quad(
        [(x - wide / 2, y, low), (x + wide / 2, y, low), (x + wide / 2, y, low + tall), (x - wide / 2, y, low + tall)],
        1,
    )


def pavement(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 kerb: a strip raised above the road; its top carries the `paving` pattern as material 1."""
    w, d, h = spec.size_m
    kit.box((0, 0, 0), (w, d, h - 0.001), 0, bevel_m=0.015)
    x, y = w / 2 - 0.15, d / 2 - 0.15
    kit.quad([(-x, -y, h), (x, -y, h), (x, y, h), (-x, y, h)], 1)


def marking(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 paint: a line on the road, dashed where the variant is odd."""
    w, d, h = spec.size_m
    pieces = [(-w / 2, w / 2)] if spec.variant % 2 == 0 else [(x, x + 2.0) for x in np.arange(-w / 2, w / 2 - 2.0, 5.0)]
    for left, right in pieces:
        kit.quad(
            [(float(left), -d / 2, h), (float(right), -d / 2, h), (float(right), d / 2, h), (float(left), d / 2, h)], 0
        )


def parasol(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 pole, 1 cloth."""
    w, _, h = spec.size_m
    kit.rod((0, 0, 0), (0, 0, h), 0.025, 0)
    kit.lathe([(0.0, 0.0), (0.28, 0.0), (0.28, 0.06), (0.04, 0.09)], 0)
    kit.lathe([(w / 2, h - 0.52), (w / 2, h - 0.4), (0.0, h)], 1, sides=8)


def gate_post(kit: Kit, spec: ThingSpec, _rng: Rng) -> None:
    """0 stone: a wall or post."""
    kit.box((0, 0, 0), spec.size_m, 0, bevel_m=0.015)
    kit.box((0, 0, spec.size_m[2]), (spec.size_m[0] + 0.06, spec.size_m[1] + 0.06, 0.06), 0, bevel_m=0.015)
