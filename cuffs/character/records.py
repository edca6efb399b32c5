"""A character's files: the mesh and rig that all identities share, and one identity. Numpy alone."""

import hashlib
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float, Integer

from cuffs.errors import RecordError
from cuffs.npz import npz_bytes, read_npz
from cuffs.publish import write_bytes
from cuffs.skeleton import NUM_JOINTS

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """A garment or hair: a mesh that follows the rig as the full vertices beneath it do (docs/assets.md)."""

    name: str
    kind: str
    vertices: Integer[Array, " n"]
    faces: Integer[Array, "f 3"]
    offset: Float[Array, " n"]
    hides: Integer[Array, " h"]


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

    def __post_init__(self) -> None:
        if self.skinning not in ("linear", "dual_quaternion"):
            raise RecordError(f"skinning is {self.skinning!r}, but must be 'linear' or 'dual_quaternion'.")
        if self.joint_bone.shape != (NUM_JOINTS,) or self.bone_parents[0] != -1:
            raise RecordError("joint_bone must have 55 entries, and the first bone must be the root.")
        if not np.allclose(self.skin_weights.sum(1), 1, atol=1e-4):
            raise RecordError("skin_weights do not sum to 1.")

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
        return cls(**values, skinning=skinning, parts=parts, sha256=hashlib.sha256(path.read_bytes()).hexdigest())

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
        arrays[f"part/{part.name}/kind"] = np.array(part.kind)
        for key in ("vertices", "faces", "offset", "hides"):
            arrays[f"part/{part.name}/{key}"] = getattr(part, key)
    return npz_bytes({name: np.asarray(array) for name, array in arrays.items()})


def _part(arrays: dict[str, Array], name: str) -> Part:
    keys = ("vertices", "faces", "offset", "hides")
    return Part(
        name=name,
        kind=str(arrays[f"part/{name}/kind"]),
        **{key: arrays[f"part/{name}/{key}"] for key in keys},
    )


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
        for name in ("rest", "bone_heads", "bone_tails", "rest_rotations", "betas"):
            if not np.isfinite(getattr(self, name)).all():
                raise RecordError(f"{name} holds numbers that are not finite.")

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

    def save(self, path: Path) -> None:
        """Write an identity; same values, same bytes.

        Raises:
            OutputError: if it can't be written.
        """
        write_bytes(path, npz_bytes({entry.name: np.asarray(getattr(self, entry.name)) for entry in fields(self)}))
