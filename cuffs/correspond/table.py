"""The correspondence table: where each of the body model's vertices lies on a character's body mesh."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.errors import AssetBroken
from cuffs.npz import read_npz, write_npz

Array = np.ndarray

REMEDY = "delete it; it is made anew from the body model and the character"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Correspondence:
    """Made once for a topology and a body model; good for every identity and pose."""

    face: Int[Array, " verts"]
    """Triangle of the topology's body mesh (a row of `body_faces`)."""

    corners: Int[Array, "verts 3"]
    """That triangle's vertices, in the order of the body mesh."""

    bary: Float[Array, "verts 3"]
    """Barycentric weights on the corners."""

    gap_mm: Float[Array, " verts"]
    """What was left between the surfaces when the table was made."""

    is_covered: Bool[Array, " verts"]
    """Whether the character has skin there: of the same limb, facing the same way, near enough."""

    def __post_init__(self) -> None:
        count = len(self.face)
        if self.corners.shape != (count, 3) or self.bary.shape != (count, 3) or self.gap_mm.shape != (count,):
            raise ValueError(f"arrays of a table disagree in length: {count} faces, {self.bary.shape} weights")
        if not np.allclose(self.bary.sum(1), 1, atol=1e-6) or (self.bary < -1e-9).any():
            raise ValueError("barycentric weights must be 0 or more and sum to 1")


def carry(
    correspondence: Correspondence, body_verts: Float[Array, "*batch character_verts 3"]
) -> Float[Array, "*batch verts 3"]:
    """Where the body model's vertices are on a character's mesh.

    Args:
        correspondence: the topology's table.
        body_verts: the character's body mesh, in any frame and unit.

    Returns:
        Float64, in the same frame and unit.
    """
    corners = np.asarray(body_verts, np.float64)[..., correspondence.corners, :]
    return np.einsum("vc,...vcx->...vx", correspondence.bary, corners)


def save_correspondence(path: Path, table: Correspondence) -> None:
    """Write a table; same table, same bytes.

    Raises:
        OutputError: if it can't be written.
    """
    write_npz(
        path,
        {
            "face": table.face.astype(np.int32),
            "corners": table.corners.astype(np.int32),
            "bary": table.bary.astype(np.float64),
            "gap_mm": table.gap_mm.astype(np.float32),
            "is_covered": table.is_covered.astype(bool),
        },
    )


def load_correspondence(path: Path, *, num_character_verts: int) -> Correspondence:
    """Read a table.

    Args:
        path: the file.
        num_character_verts: of the body mesh that it is to be used with.

    Raises:
        RecordError: if the file is no archive of plain arrays.
        AssetBroken: if it doesn't hold a table, or one for another mesh.
    """
    arrays = read_npz(path)
    missing = {"face", "corners", "bary", "gap_mm", "is_covered"} - arrays.keys()
    if missing:
        raise AssetBroken("correspondence table", path, f"it lacks {', '.join(sorted(missing))}", REMEDY)
    corners = arrays["corners"]
    if corners.min() < 0 or corners.max() >= num_character_verts:
        found = f"it points at vertex {corners.max()} of a mesh that has {num_character_verts}"
        raise AssetBroken("correspondence table", path, found, REMEDY)
    try:
        return Correspondence(
            face=arrays["face"].astype(np.int64),
            corners=corners.astype(np.int64),
            bary=arrays["bary"].astype(np.float64),
            gap_mm=arrays["gap_mm"].astype(np.float32),
            is_covered=arrays["is_covered"].astype(bool),
        )
    except ValueError as problem:
        raise AssetBroken("correspondence table", path, str(problem), REMEDY) from problem
