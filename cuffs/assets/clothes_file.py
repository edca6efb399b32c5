"""MakeHuman's clothes files (`.mhclo`): how each vertex of a mesh lies on the base mesh hm08.

A line of `verts` is either one number of a vertex that it lies on, or three numbers, three weights, and a step from
there, whose axes are scaled by how far pairs of vertices lie apart (`x_scale a b length`): so clothes fit everybody.
MakeHuman's units are decimetres, its axes x to the left, y up, z to the front.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int

from cuffs.assets.text_file import read_lines
from cuffs.character.base_mesh import NUM_VERTS
from cuffs.errors import AssetBroken

Array = np.ndarray

AXES = ("x_scale", "y_scale", "z_scale")
IGNORED = frozenset({
    "uuid", "z_depth", "max_pole", "vertexboneweights_file", "description", "author", "homepage", "uv_layer",
    "special_pose", "shapekey", "delete", "copyright",
})  # fmt: skip
FARTHEST_WEIGHT = 20.0
"""Weights this large lie far outside their triangle: thin triangles, or a broken file."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClothesFile:
    """What an mhclo file says."""

    path: Path
    name: str
    tags: tuple[str, ...]
    mesh: str
    """File name of the mesh."""

    material: str | None
    licence: str | None
    """As the file says it: CC0, CC-BY, …"""

    corners: Int[Array, "verts 3"]
    weights: Float[Array, "verts 3"]
    step: Float[Array, "verts 3"]
    """In MakeHuman's axes, before scaling, over the scales' lengths: times a pair's distance it is metres."""

    pairs: Int[Array, "3 2"]
    """For x, y and z the two vertices whose distance along that axis scales steps."""

    deleted: Int[Array, " hidden"]
    """Vertices of the body that are masked beneath it."""


def read_clothes(path: Path) -> ClothesFile:
    """Read an mhclo file.

    Raises:
        AssetMissing: if it isn't there.
        AssetBroken: naming the line, if it is malformed or made for another base mesh.
    """
    lines = read_lines(path, "a clothes file")
    reader = _Reader(path)
    for number, line in enumerate(lines, start=1):
        reader.take(number, line)
    return reader.done(_licence(lines))


class _Reader:
    """Takes a file line by line; holds what was read so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, str] = {}
        self.tags: list[str] = []
        self.scales: dict[str, tuple[int, int, float]] = {}
        self.rows: list[tuple[list[int], list[float], list[float]]] = []
        self.deleted: list[int] = []
        self.section = ""

    def take(self, number: int, line: str) -> None:
        """One line."""
        words = line.split()
        if not words or line.startswith("#"):
            return
        try:
            if words[0] in ("verts", "delete_verts", "weights"):
                self.section = words[0]
            elif words[0][0].isalpha() or words[0][0] == "_":
                self._keyword(words)
            elif self.section == "verts":
                self.rows.append(_vertex(words))
            elif self.section == "delete_verts":
                self.deleted += _ranges(words)
        except (ValueError, IndexError) as problem:
            raise self._broken(f"line {number}: {problem or 'too few words'}") from None

    def _keyword(self, words: list[str]) -> None:
        """A named value; some files have them among the vertices."""
        if words[0] in AXES:
            length = float(words[3])
            if not np.isfinite(length) or length <= 0:
                raise ValueError(f"{words[0]} has the length {words[3]}")
            self.scales[words[0]] = (_number(words[1]), _number(words[2]), length)
        elif words[0] == "tag":
            self.tags.append(" ".join(words[1:]))
        elif words[0] not in IGNORED:
            self.values[words[0]] = " ".join(words[1:])

    def done(self, licence: str | None) -> ClothesFile:
        """Everything, checked."""
        base = self.values.get("basemesh", "hm08")
        if base != "hm08":
            raise self._broken(f"it is made for the base mesh {base!r}, not hm08")
        if "obj_file" not in self.values:
            raise self._broken("it names no mesh (obj_file)")
        if not self.rows:
            raise self._broken("it has no vertices")
        corners, weights, step = (np.array(column) for column in zip(*self.rows, strict=True))
        off = np.abs(weights.sum(1) - 1)
        if (off > 0.02).any() or np.abs(weights).max() > FARTHEST_WEIGHT:
            raise self._broken(f"weights of vertex {int(off.argmax())} add up to {weights[off.argmax()].sum():.3g}")
        lengths, pairs = np.ones(3), np.zeros((3, 2), int)
        for axis, name in enumerate(AXES):
            if name in self.scales:
                first, second, lengths[axis] = self.scales[name]
                pairs[axis] = first, second
            elif np.abs(step[:, axis]).max() > 0:
                raise self._broken(f"it has steps, but no {name}")
        return ClothesFile(
            path=self.path,
            name=self.values.get("name", self.path.stem),
            tags=tuple(self.tags),
            mesh=self.values["obj_file"],
            material=self.values.get("material"),
            licence=self.values.get("license", self.values.get("licence", licence)),
            corners=corners,
            weights=weights,
            step=step / lengths,
            pairs=pairs,
            deleted=np.unique(np.array(self.deleted, int)),
        )

    def _broken(self, found: str) -> AssetBroken:
        return AssetBroken("a clothes file", self.path, found, "fetch the asset again, or leave it out")


def _number(word: str) -> int:
    """Number of a vertex of hm08."""
    value = int(word)
    if not 0 <= value < NUM_VERTS:
        raise ValueError(f"the base mesh has no vertex {value}; it has {NUM_VERTS}")
    return value


def _vertex(words: list[str]) -> tuple[list[int], list[float], list[float]]:
    if len(words) == 1:
        return [_number(words[0])] * 3, [1.0, 0.0, 0.0], [0.0, 0.0, 0.0]
    if len(words) < 6:
        raise ValueError(f"1 number expected, or 3 numbers, 3 weights and a step; found {len(words)} words")
    weights = [float(word) for word in words[3:6]]
    step = [float(word) for word in words[6:9]] if len(words) >= 9 else [0.0, 0.0, 0.0]
    if not np.isfinite([*weights, *step]).all():
        raise ValueError("numbers that are not finite")
    return [_number(word) for word in words[:3]], weights, step


def _ranges(words: list[str]) -> list[int]:
    """Numbers of `12 - 15 20 31 - 33`, ends included."""
    found, at = [], 0
    while at < len(words):
        if at + 2 < len(words) and words[at + 1] == "-":
            first, last = _number(words[at]), _number(words[at + 2])
            found += range(first, last + 1)
            at += 3
        else:
            found.append(_number(words[at]))
            at += 1
    return found


def _licence(lines: list[str]) -> str | None:
    """The licence that a file's comments name."""
    said = " ".join(line for line in lines[:60] if line.startswith("#")).lower()
    for name, marks in (
        ("CC0", ("cc0", "creative commons zero")),
        ("CC-BY-SA", ("cc-by-sa", "cc by-sa", "attribution-sharealike")),
        ("CC-BY-NC", ("cc-by-nc", "cc by-nc", "noncommercial")),
        ("CC-BY", ("cc-by", "cc by", "creativecommons.org/licenses/by/")),
        ("AGPL3", ("agpl", "affero")),
    ):
        if any(mark in said for mark in marks):
            return name
    return None
