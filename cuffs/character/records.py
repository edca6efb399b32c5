"""A character's files: the mesh and rig that all identities share, and one identity. Numpy alone."""

import hashlib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from cuffs.errors import RecordError
from cuffs.npz import npz_bytes, read_npz
from cuffs.publish import write_bytes
from cuffs.records.checks import require_array
from cuffs.skeleton import NUM_JOINTS

Array = np.ndarray

FITTED_KINDS = ("suit", "fitted trousers", "fitted shirt", "fitted shoes", "fitted hat", "fitted glasses")
"""Kinds of added assets, whose shape is their own: they neither hang nor fold."""

HAIR_KINDS = ("hair", "fur")
"""Kinds of parts that grow: hair of the head; brows, lashes and beards."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A garment or hair: a mesh that follows the rig as the full vertices beneath it do (docs/assets.md)."""

    name: str
    kind: str
    vertices: Integer[Array, " n"]
    faces: Integer[Array, "f 3"]
    offset: Float[Array, " n"]
    hides: Integer[Array, " h"]
    ease: Float[Array, " eased"] = field(default_factory=lambda: np.zeros(0, np.float32))
    """How far each vertex of a garment moves when it is made wider, 0 to 1; empty for hair."""

    skin_corners: Integer[Array, "finer 3"] = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    """The triangle of skin beneath (full numbers) each vertex of the once subdivided garment; none for hair."""

    skin_bary: Float[Array, "finer 3"] = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    volume: Integer[Array, "2 rows columns"] = field(default_factory=lambda: np.zeros((2, 0, 0), np.int32))
    """Hair: inner and outer layer between which strands run, as numbers into `vertices`."""

    tail: Integer[Array, "2 tail_rows tail_columns"] = field(default_factory=lambda: np.zeros((2, 0, 0), np.int32))
    """Hair: likewise of a bun or ponytail."""

    scalp: Float[Array, " body"] = field(default_factory=lambda: np.zeros(0, np.float32))
    """Hair: how densely it grows at each of the body's vertices, 0 to 1."""

    step: Float[Array, "hairs 3"] = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    """Brows, lashes, beards: the way that each hair runs from its root, metres, in the middling person's rest pose;
    roots are `skin_corners` and `skin_bary`."""

    uv: Float[Array, "f 3 2"] | Float[Array, "0 3 2"] = field(default_factory=lambda: np.zeros((0, 3, 2), np.float32))
    """Added assets: texture coordinates of the faces' corners."""

    colour: Float[Array, " 3"] = field(default_factory=lambda: np.full(3, 0.5))
    """Added assets: their own colour, linear RGB."""

    texture: str = ""
    """Added assets: name of their picture among the plan's textures; empty: none."""

    wearer: str = ""
    """Added assets: female, male, or empty for anybody."""

    licence: str = ""
    """Added assets: theirs; all else is CC0."""


PART_WORDS = ("kind", "texture", "wearer", "licence")
PART_ARRAYS = (
    "vertices", "faces", "offset", "hides", "ease", "skin_corners", "skin_bary", "volume", "tail", "scalp", "step",
    "uv", "colour",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Topology:
    """Mesh and rig that all identities of one kind of character share; docs/assets.md has the table."""

    bone_names: Array
    bone_parents: Integer[Array, " bones"]
    bone_joint: Integer[Array, " bones"]
    joint_bone: Integer[Array, "55"]
    skin_bones: Integer[Array, "verts influences"]
    skin_weights: Float[Array, "verts influences"]
    body_vertices: Integer[Array, " body"]
    body_faces: Integer[Array, "faces 3"]
    body_uv: Float[Array, "faces 3 2"]
    body_material: Integer[Array, " faces"]
    material_names: Array
    eye_left: Integer[Array, " left"]
    eye_right: Integer[Array, " right"]
    face_action_names: Array
    face_action_vertices: Integer[Array, " moved"]
    face_actions: Float[Array, "actions moved 3"]
    skinning: str
    parts: tuple[Part, ...]
    sha256: str
    grown_corners: Integer[Array, "grown 3"] = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    grown_bary: Float[Array, "grown 3"] = field(default_factory=lambda: np.zeros((0, 3)))
    grown_step: Float[Array, "grown 3"] = field(default_factory=lambda: np.zeros((0, 3)))
    grown_pairs: Integer[Array, "grown 3 2"] = field(default_factory=lambda: np.zeros((0, 3, 2), np.int32))

    def __post_init__(self) -> None:
        if self.skinning not in ("linear", "dual_quaternion"):
            raise RecordError(f"skinning is {self.skinning!r}, but must be 'linear' or 'dual_quaternion'.")
        self._check_rig()
        self._check_mesh()
        for part in self.parts:
            _check_part(part, len(self.skin_bones))

    def _check_rig(self) -> None:
        count = len(self.bone_names)
        require_array("bone_parents", self.bone_parents, count)
        require_array("bone_joint", self.bone_joint, count)
        require_array("joint_bone", self.joint_bone, NUM_JOINTS)
        if count == 0 or self.bone_parents[0] != -1 or (self.bone_parents >= np.arange(count)).any():
            raise RecordError("the first bone must be the root, and parents must come before their children.")
        _require_numbers("bone_joint", self.bone_joint, NUM_JOINTS)
        _require_numbers("joint_bone", self.joint_bone, count, lowest=-1)

    def _check_mesh(self) -> None:
        verts, influences = len(self.skin_bones), self.skin_weights.shape[-1]
        require_array("skin_bones", self.skin_bones, verts, influences)
        require_array("skin_weights", self.skin_weights, verts, influences)
        if not np.allclose(self.skin_weights.sum(1), 1, atol=1e-4) or (self.skin_weights < 0).any():
            raise RecordError("skin_weights must not be negative, and must sum to 1 for each vertex.")
        _require_numbers("skin_bones", self.skin_bones, len(self.bone_names))
        require_array("body_faces", self.body_faces, -1, 3)
        require_array("body_uv", self.body_uv, len(self.body_faces), 3, 2)
        require_array("body_material", self.body_material, len(self.body_faces))
        _require_numbers("body_faces", self.body_faces, len(self.body_vertices))
        _require_numbers("body_material", self.body_material, len(self.material_names))
        for name in ("body_vertices", "eye_left", "eye_right", "face_action_vertices", "grown_corners"):
            _require_numbers(name, getattr(self, name), verts)
        shape = (len(self.face_action_names), len(self.face_action_vertices), 3)
        require_array("face_actions", self.face_actions, *shape)
        for name in ("grown_corners", "grown_bary", "grown_step"):
            require_array(name, getattr(self, name), len(self.grown_corners), 3)
        require_array("grown_pairs", self.grown_pairs, len(self.grown_corners), 3, 2)
        _require_numbers("grown_pairs", self.grown_pairs, verts)

    def part(self, name: str) -> Part:
        """A garment or hair by its name.

        Raises:
            RecordError: if there is none; the message lists what there is.
        """
        for part in self.parts:
            if part.name == name:
                return part
        raise RecordError(f"no part {name!r}; there are {', '.join(part.name for part in self.parts)}.")

    @classmethod
    def load(cls, path: Path) -> "Topology":
        """Read a topology.

        Raises:
            RecordError: naming the file, if it is missing, damaged or incomplete.
        """
        arrays = read_npz(path)
        names = [entry.name for entry in fields(cls) if entry.name not in ("parts", "sha256", "skinning")]
        try:
            parts = tuple(_part(arrays, str(name)) for name in arrays["part_names"])
            values = {name: arrays[name] for name in names}
            skinning = str(arrays["skinning"])
        except KeyError as problem:
            raise RecordError(f"{path}: the array {problem} is missing.") from None
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        try:
            return cls(**values, skinning=skinning, parts=parts, sha256=sha256)
        except RecordError as problem:
            raise RecordError(f"{path}: {problem}") from None

    def save(self, path: Path) -> None:
        """Write a topology; same values, same bytes.

        Raises:
            OutputError: if it can't be written.
        """
        write_bytes(path, topology_bytes(self))


def topology_bytes(topology: Topology) -> bytes:
    """The file of a topology."""
    arrays = {
        entry.name: getattr(topology, entry.name) for entry in fields(topology) if entry.name not in ("parts", "sha256")
    }
    arrays["part_names"] = np.array([part.name for part in topology.parts])
    for part in topology.parts:
        for word in PART_WORDS:
            arrays[f"part/{part.name}/{word}"] = np.array(getattr(part, word))
        for key in PART_ARRAYS:
            arrays[f"part/{part.name}/{key}"] = getattr(part, key)
    return npz_bytes({name: np.asarray(array) for name, array in arrays.items()})


def _require_numbers(name: str, numbers: Array, count: int, *, lowest: int = 0) -> None:
    """Refuse numbers that point at nothing.

    Raises:
        RecordError: if one is too small or too large.
    """
    if numbers.dtype.kind not in "iu" or (numbers.size and (numbers.min() < lowest or numbers.max() >= count)):
        raise RecordError(f"{name} must hold whole numbers from {lowest} to {count - 1}.")


def _check_part(part: Part, verts: int) -> None:
    where = f"part/{part.name}"
    require_array(f"{where}/vertices", part.vertices, -1)
    require_array(f"{where}/faces", part.faces, -1, 3)
    require_array(f"{where}/offset", part.offset, len(part.vertices))
    require_array(f"{where}/hides", part.hides, -1)
    require_array(f"{where}/uv", part.uv, len(part.faces) if part.kind in FITTED_KINDS or len(part.uv) else 0, 3, 2)
    require_array(f"{where}/colour", part.colour, 3)
    ties = len(part.vertices) if part.kind not in HAIR_KINDS else 0
    require_array(f"{where}/ease", part.ease, ties)
    require_array(f"{where}/skin_corners", part.skin_corners, -1, 3)
    require_array(f"{where}/skin_bary", part.skin_bary, len(part.skin_corners), 3)
    _require_numbers(f"{where}/skin_corners", part.skin_corners, verts)
    _require_numbers(f"{where}/vertices", part.vertices, verts)
    _require_numbers(f"{where}/faces", part.faces, len(part.vertices))
    _require_numbers(f"{where}/hides", part.hides, verts)
    for name in ("volume", "tail"):
        require_array(f"{where}/{name}", getattr(part, name), 2, -1, -1)
        _require_numbers(f"{where}/{name}", getattr(part, name), max(len(part.vertices), 1))
    require_array(f"{where}/step", part.step, len(part.skin_corners) if part.kind == "fur" else 0, 3)


def _part(arrays: dict[str, Array], name: str) -> Part:
    values: dict[str, Any] = {key: arrays[f"part/{name}/{key}"] for key in PART_ARRAYS}
    values |= {word: str(arrays[f"part/{name}/{word}"]) for word in PART_WORDS}
    return Part(name=name, **values)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Identity:
    """One character: docs/assets.md has the table."""

    rest: Float[Array, "verts 3"]
    bone_heads: Float[Array, "bones 3"]
    bone_tails: Float[Array, "bones 3"]
    rest_rotations: Float[Array, "55 3 3"]
    betas: Float[Array, "10"]
    phenotype_names: Array
    phenotype: Float[Array, " n"]

    def __post_init__(self) -> None:
        bones = len(self.bone_heads)
        require_array("rest", self.rest, -1, 3)
        require_array("bone_heads", self.bone_heads, bones, 3)
        require_array("bone_tails", self.bone_tails, bones, 3)
        require_array("rest_rotations", self.rest_rotations, NUM_JOINTS, 3, 3)
        require_array("betas", self.betas, 10)
        require_array("phenotype", self.phenotype, len(self.phenotype_names))

    def fitted(self, *, rest_rotations: Float[Array, "55 3 3"], betas: Float[Array, "10"]) -> "Identity":
        """The same identity with what fitting its rest mesh found."""
        return replace(self, rest_rotations=rest_rotations, betas=betas)

    def trait(self, name: str) -> float:
        """One number of the phenotype, 0 to 1."""
        return float(self.phenotype[list(self.phenotype_names).index(name)])

    @classmethod
    def load(cls, path: Path) -> "Identity":
        """Read an identity.

        Raises:
            RecordError: naming the file, if it is missing, damaged or incomplete.
        """
        arrays = read_npz(path)
        try:
            return cls(**{entry.name: arrays[entry.name] for entry in fields(cls)})
        except KeyError as problem:
            raise RecordError(f"{path}: the array {problem} is missing.") from None
        except RecordError as problem:
            raise RecordError(f"{path}: {problem}") from None

    def save(self, path: Path) -> None:
        """Write an identity; same values, same bytes.

        Raises:
            OutputError: if it can't be written.
        """
        write_bytes(path, npz_bytes({entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}))
