"""Wavefront OBJ meshes, as far as MakeHuman's clothes need them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.assets.text_file import read_lines
from cuffs.errors import AssetBroken

Array = np.ndarray

MOST_VERTS, MOST_FACES = 200_000, 400_000
"""Of meshes that are taken: a person has 13 thousand vertices."""

MOST_SHARED = 0.02
"""Of a mesh's edges, those that may belong to more than two faces: a few do in many hand-made clothes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ObjMesh:
    """Triangles."""

    num_verts: int
    faces: Int[Array, "faces 3"]
    uv: Float[Array, "faces 3 2"]
    """Texture coordinates of the corners; 0 where the file has none."""


def read_obj(path: Path) -> ObjMesh:
    """Read a mesh. Where its vertices lie is left out: clothes say that themselves.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: naming the line, if it is malformed, huge or non-manifold.
    """
    count, texture, corners, texture_corners = 0, [], [], []
    for number, line in enumerate(read_lines(path, "a mesh"), start=1):
        kind, _, rest = line.partition(" ")
        try:
            if kind == "v":
                count += 1
                _numbers(rest, 3)
            elif kind == "vt":
                texture.append(_numbers(rest, 2)[:2])
            elif kind == "f":
                words = [word.split("/") for word in rest.split()]
                if not 3 <= len(words) <= 64:
                    raise ValueError(f"a face of {len(words)} corners")
                face = [_corner(word[0], count) for word in words]
                has_uv = all(len(word) > 1 and word[1] for word in words)
                own = [_corner(word[1], len(texture)) for word in words] if has_uv else [-1] * len(words)
                for k in range(1, len(words) - 1):
                    corners.append([face[0], face[k], face[k + 1]])
                    texture_corners.append([own[0], own[k], own[k + 1]])
        except ValueError as problem:
            raise AssetBroken("a mesh", path, f"line {number}: {problem}", "fetch the asset again") from None
        if count > MOST_VERTS or len(corners) > MOST_FACES:
            found = f"it has more than {MOST_VERTS} vertices or {MOST_FACES} triangles"
            raise AssetBroken("a mesh", path, found, "reduce it in Blender (Decimate) first")
    if not count or not corners:
        raise AssetBroken("a mesh", path, "it has no vertices or no faces", "fetch the asset again")
    faces = np.array(corners, np.int64)
    _require_manifold(path, faces)
    points = np.array([*texture, [0.0, 0.0]])
    return ObjMesh(num_verts=count, faces=faces, uv=points[np.array(texture_corners)])


def _numbers(text: str, least: int) -> list[float]:
    values = [float(word) for word in text.split()]
    if len(values) < least or not np.isfinite(values).all():
        raise ValueError(f"{least} finite numbers expected, found {text.strip()!r}")
    return values


def _corner(word: str, count: int) -> int:
    """A number from 0 of a corner's, which counts from 1, or from the end if negative."""
    value = int(word)
    number = value - 1 if value > 0 else count + value
    if value == 0 or not 0 <= number < count:
        raise ValueError(f"a corner numbered {value}, but there are {count} so far")
    return number


def _require_manifold(path: Path, faces: Int[Array, "faces 3"]) -> None:
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges = edges[edges[:, 0] != edges[:, 1]]
    _, counts = np.unique(edges, axis=0, return_counts=True)
    share = float((counts > 2).mean())
    if share > MOST_SHARED:
        found = f"{100 * share:.0f} % of its edges belong to more than two faces: it is not a surface (non-manifold)"
        raise AssetBroken("a mesh", path, found, "clean it in Blender (Mesh > Clean Up > Merge by Distance)")
