"""Brows, lashes and beards as parts of the topology: where each hair has its root, and the way it runs."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.character.base_mesh import BaseMesh
from cuffs.character.body_frame import BodyFrame, vertex_normals
from cuffs.character.fur_styles import BEARDS, BROWS, LASHES, Beard, Brow, Lashes
from cuffs.character.grown import tie
from cuffs.character.open_surface import MATERIALS, BodySurface
from cuffs.character.records import Part

Array = np.ndarray
Roots = tuple[Int[Array, "_ 3"], Float[Array, "_ 3"], Float[Array, "_ 3"]]
"""Corners (full numbers), barycentric weights, and the step from root to tip, metres."""

SIDES = ("left", "right")
BEARD_HULL = 0.7
"""How far out the mask of a beard goes, as a share of its hairs' length."""

HULL_FROM_M = 0.006
"""Shorter beards have no hull: they stay within the face's own outline."""


def fur_parts(base: BaseMesh, frame: BodyFrame, surface: BodySurface) -> tuple[Part, ...]:
    """All brows, lashes and beards on the middling person."""
    faces = surface.vertices[surface.faces]
    head = frame.limb_weight("head")
    skin = faces[(surface.material == MATERIALS.index("skin")) & (head[faces].min(1) > 0.3)]
    face = _Face(frame=frame, skin=skin, lips=np.unique(faces[surface.material == MATERIALS.index("lips")]))
    parts = [_part(name, _brow_roots(face, brow), surface) for name, brow in BROWS.items()]
    parts += [_part(name, _lash_roots(base, frame, lashes), surface) for name, lashes in LASHES.items()]
    parts += [_beard_part(name, face, beard, surface) for name, beard in BEARDS.items()]
    return tuple(parts)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Face:
    """The face of the middling person."""

    frame: BodyFrame
    skin: Int[Array, "faces 3"]
    lips: Int[Array, " n"]

    @property
    def mouth(self) -> Float[Array, "3"]:
        """The middle of the lips."""
        return self.frame.rest[self.lips].mean(0)

    def tied(self, points: Float[Array, "n 3"]) -> tuple[Int[Array, "n 3"], Float[Array, "n 3"]]:
        """The places of skin nearest to points."""
        found = tie(points, self.frame.rest, self.skin)
        return found.corners, found.bary


def _part(name: str, roots: Roots, surface: BodySurface, *, scalp: Float[Array, " body"] | None = None) -> Part:
    corners, bary, step = roots
    none = np.zeros(0, np.int32)
    return Part(
        name=name,
        kind="fur",
        vertices=none,
        faces=np.zeros((0, 3), np.int32),
        offset=np.zeros(0, np.float32),
        hides=none,
        skin_corners=corners.astype(np.int32),
        skin_bary=bary.astype(np.float32),
        step=step.astype(np.float32),
        scalp=(np.zeros(len(surface.vertices)) if scalp is None else scalp).astype(np.float32),
    )


def _brow_roots(face: _Face, brow: Brow) -> Roots:
    """Hairs of both brows: upwards near the nose, then outwards."""
    import trimesh

    frame = face.frame
    rng = np.random.default_rng(brow.count)
    mesh = trimesh.Trimesh(frame.rest, face.skin, process=False)
    found = []
    for side in SIDES:
        eye = frame.joint(f"{side}_eye")
        sign = np.sign(eye[0])
        along = rng.beta(1.1, 1.25, brow.count)
        across = np.clip(rng.normal(scale=0.42, size=brow.count), -1, 1)
        height = 0.0172 + brow.arch_m * np.sin(np.pi * along**0.85 * 0.85)
        width = 0.5 * brow.width_m * (0.75 + 0.6 * along - 1.25 * along**2)
        x = sign * (0.010 + 0.043 * along)
        start = np.stack([x, np.full_like(x, eye[1] - 0.2), eye[2] + height + across * width], -1)
        hits, rays, _ = mesh.ray.intersects_location(start, np.tile([0.0, 1.0, 0.0], (len(start), 1)))
        depth = np.full(len(start), np.inf)
        np.minimum.at(depth, rays, hits[:, 1])
        kept = np.isfinite(depth)
        points = np.stack([start[:, 0], depth, start[:, 2]], -1)[kept]
        corners, bary = face.tied(points)
        turn = np.clip(along[kept] * 2.2, 0, 1)
        lean = -0.35 * across[kept] - 0.15
        way = np.stack([sign * (0.25 + turn), 0.10 + 0.6 * along[kept], (1 - turn) * 0.9 + turn * lean], 1)
        way += rng.normal(scale=0.13, size=way.shape)
        step = _lying(frame, face.skin, corners, way, rise=0.16)
        length = brow.length_m * rng.uniform(0.6, 1.1, len(step)) * (1 - 0.35 * along[kept])
        found.append((corners, bary, step * length[:, None]))
    return _joined(found)


def _lying(
    frame: BodyFrame, skin: Int[Array, "faces 3"], corners: Int[Array, "n 3"], way: Float[Array, "n 3"], *, rise: float
) -> Float[Array, "n 3"]:
    """Unit directions along the skin, risen from it a little."""
    normals = vertex_normals(frame.rest, skin)[corners].mean(1)
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    flat = way - np.einsum("ni,ni->n", way, normals)[:, None] * normals
    flat /= np.linalg.norm(flat, axis=1, keepdims=True).clip(1e-9)
    found = flat + rise * normals
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def _lash_roots(base: BaseMesh, frame: BodyFrame, lashes: Lashes) -> Roots:
    """Hairs from the lid's edge along the columns of MakeHuman's lashes."""
    found = []
    for side in ("l", "r"):
        for number, count in (("2", lashes.upper), ("1", lashes.lower)):
            grid = lash_grid(base, frame, f"helper-{side}-eyelashes-{number}")
            columns = grid.shape[1]
            at = np.linspace(0.35, columns - 1.35, count)
            column = np.minimum(at.astype(int), columns - 2)
            share = at - column
            corners = np.stack([grid[0, column], grid[0, column + 1], grid[1, column]], 1)
            bary = np.stack([1 - share, share, np.zeros_like(share)], 1)
            rest = frame.rest[grid]
            tip = (1 - share)[:, None] * rest[-1, column] + share[:, None] * rest[-1, column + 1]
            root = (1 - share)[:, None] * rest[0, column] + share[:, None] * rest[0, column + 1]
            found.append((corners, bary, lashes.length * (tip - root)))
    return _joined(found)


def lash_grid(base: BaseMesh, frame: BodyFrame, group: str) -> Int[Array, "rows columns"]:
    """Numbers of a lash helper's points, from the lid outwards and along it."""
    quads = base.groups[group].verts
    neighbours: dict[int, set[int]] = {}
    for quad in quads.tolist():
        for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
            neighbours.setdefault(a, set()).add(b)
            neighbours.setdefault(b, set()).add(a)
    corners = [vertex for vertex, near in neighbours.items() if len(near) == 2]
    first, sides = corners[0], {}
    for corner in corners[1:]:
        way = _rim_way(neighbours, first, corner)
        if way is not None:
            sides[len(way)] = way
    long = sides[max(sides)]
    rows = [long]
    seen = set(long)
    while len(seen) < len(neighbours):
        row = [next(iter(neighbours[vertex] - seen)) for vertex in rows[-1]]
        seen |= set(row)
        rows.append(row)
    grid = np.array(rows)
    eye = frame.joint("left_eye" if "-l-" in group else "right_eye")
    reach = np.linalg.norm(frame.rest[grid] - eye, axis=2).mean(1)
    return grid if reach[0] < reach[-1] else grid[::-1]


def _rim_way(neighbours: dict[int, set[int]], first: int, last: int) -> list[int] | None:
    """Vertices along the rim from one corner to the next; None where another corner lies between."""
    for start in neighbours[first]:
        way, before = [first, start], first
        while len(neighbours[way[-1]]) == 3:
            onward = [vertex for vertex in neighbours[way[-1]] - {before} if len(neighbours[vertex]) < 4]
            before = way[-1]
            way.append(onward[0])
        if way[-1] == last:
            return way
    return None


def _beard_part(name: str, face: _Face, beard: Beard, surface: BodySurface) -> Part:
    """Hairs scattered over the beard's regions, and a hull that the masks see."""
    rest = face.frame.rest
    density = np.zeros(len(rest))
    used = np.unique(face.skin)
    density[used] = beard_density(face, beard, rest[used])
    rng = np.random.default_rng(beard.count)
    corners, bary, points = _scattered(rest, face.skin, density, beard.count, rng)
    way = np.stack([0.35 * np.sign(points[:, 0]) * np.clip(np.abs(points[:, 0]) / 0.02, 0, 1), 0 * points[:, 0],
                    np.full(len(points), -1.0)], 1)  # fmt: skip
    way += rng.normal(scale=0.18, size=way.shape)
    step = _lying(face.frame, face.skin, corners, way, rise=0.35)
    own = density[corners].mean(1)
    length = beard.length_m * rng.uniform(0.6, 1.1, len(step)) * (0.35 + 0.65 * own)
    scalp = density[surface.vertices]
    part = _part(name, (corners, bary, step * length[:, None]), surface, scalp=scalp)
    if beard.length_m < HULL_FROM_M:
        return part
    faces = face.skin[density[face.skin].min(1) > 0.3]
    vertices, flat = np.unique(faces, return_inverse=True)
    lift = BEARD_HULL * beard.length_m * density[vertices]
    values = {name: getattr(part, name) for name in ("skin_corners", "skin_bary", "step", "scalp", "hides")}
    return Part(
        name=name,
        kind="fur",
        vertices=vertices.astype(np.int32),
        faces=flat.reshape(faces.shape).astype(np.int32),
        offset=lift.astype(np.float32),
        **values,
    )


def beard_density(face: _Face, beard: Beard, points: Float[Array, "n 3"]) -> Float[Array, " n"]:
    """0 to 1 at places of the middling person's skin."""
    x, y, z = (points - face.mouth).T
    x = np.abs(x)
    jaw = np.minimum(
        _soft(0.004 + 0.50 * np.maximum(y - 0.012, 0) - z), _soft(z + 0.066 - 0.42 * np.maximum(y - 0.03, 0))
    )
    jaw = np.minimum(jaw, _soft(0.092 - y))
    sideburn = np.minimum(_soft(0.012 - np.abs(y - 0.088)), np.minimum(_soft(0.07 - z), _soft(z)))
    sideburn = sideburn * (x > 0.05)
    lip = np.minimum(_soft(0.030 - x), np.minimum(_soft(0.0225 - 0.22 * x - z), _soft(z - 0.004)))
    lip = lip * (y < 0.02)
    chin = np.minimum(jaw, np.minimum(_soft(0.024 - x), _soft(-0.008 - z)))
    around = np.minimum(_soft(0.033 - x), np.minimum(_soft(x - 0.021), np.minimum(_soft(0.016 - z), _soft(z + 0.05))))
    around = around * (y < 0.03)
    found = np.zeros(len(points))
    if beard.cheeks:
        found = np.maximum(found, np.maximum(jaw, sideburn))
    if beard.chin:
        found = np.maximum(found, chin)
    if beard.lip:
        found = np.maximum(found, lip)
    if beard.chin and beard.lip:
        found = np.maximum(found, around)
    return found


def _soft(inside_m: Float[Array, " n"]) -> Float[Array, " n"]:
    """0 at an edge, 1 from 6 mm inside on."""
    share = np.clip(inside_m / 0.006, 0, 1)
    return share * share * (3 - 2 * share)


def _scattered(
    rest: Float[Array, "verts 3"], faces: Int[Array, "faces 3"], density: Float[Array, " verts"], count: int,
    rng: np.random.Generator,
) -> tuple[Int[Array, "n 3"], Float[Array, "n 3"], Float[Array, "n 3"]]:  # fmt: skip
    """Random places of a mesh, as dense as its vertices say."""
    corners = rest[faces]
    area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    weight = area * density[faces].mean(1)
    chosen = faces[rng.choice(len(faces), size=count, p=weight / weight.sum())]
    bary = rng.dirichlet(np.ones(3), size=count)
    return chosen, bary, np.einsum("nc,nck->nk", bary, rest[chosen])


def _joined(roots: list[Roots]) -> Roots:
    corners, bary, step = (np.concatenate(column) for column in zip(*roots, strict=True))
    return corners, bary, step
