"""Who a HumGen3D human is, as values; and what a plan keeps of them. No vertex of theirs is in here."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from jaxtyping import Float

from cuffs.character import Topology
from cuffs.errors import RecordError
from cuffs.humgen3d.content import Sex
from cuffs.records.checks import require_array, require_range, require_schema
from cuffs.records.surface_spec import Colour
from cuffs.skeleton import NUM_JOINTS

Array = np.ndarray

TOPOLOGY_NAME = "humgen3d-{}"
"""Name of a sex's topology in specs and plans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HumanSpec:
    """One human: the preset, and what is changed of it. Names are HumGen3D's."""

    SCHEMA: ClassVar[str] = "cuffs-humgen3d-human/1"

    sex: Sex
    preset: str
    """Path of a starting human within the content."""

    height_m: float
    """Of the mesh at rest, from sole to crown."""

    age_years: int
    keys: Mapping[str, float] = field(default_factory=dict)
    """Live keys by name, set on top of the preset's."""

    texture: str | None = None
    """Path of a skin texture; None: the preset's."""

    skin_times: Mapping[str, float] = field(default_factory=dict)
    """Factors on the preset's inputs of the skin's shader: tone, redness, saturation."""

    skin: Mapping[str, float] = field(default_factory=dict)
    """Inputs of the skin's shader that are set: freckles, splotches, beard_shadow …"""

    iris: Colour | None = None
    hair: Mapping[str, float] = field(default_factory=dict)
    """Inputs of all hair's shaders: lightness, redness, salt_and_pepper …"""

    seed: int = 0
    """Of what the add-on itself draws (parts of cards' texture)."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_range("human.height_m", self.height_m, 1.2, 2.3)
        require_range("human.age_years", self.age_years, 18, 100)
        for path in (self.preset, *((self.texture,) if self.texture else ())):
            require_inside("human", path)


def require_inside(where: str, path: str) -> None:
    """Refuse paths that lead out of the content.

    Raises:
        RecordError: naming the path.
    """
    if path.startswith(("/", "\\")) or ".." in path.replace("\\", "/").split("/") or ":" in path or "\0" in path:
        raise RecordError(f"{where}: {path!r} leads out of HumGen3D's content.")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member:
    """What a plan keeps of an identity."""

    SCHEMA: ClassVar[str] = "cuffs-humgen3d-member/1"

    human: HumanSpec
    topology: str
    betas: Float[Array, "10"]
    """Shape in the plan's body model."""

    rest_rotations: Float[Array, "55 3 3"]
    """As in `docs/assets.md`."""

    moments: Float[Array, "10"]
    """Of the body at rest (`body_moments`): whether another machine makes the same human."""

    topology_sha256: str
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_array("betas", self.betas, 10)
        require_array("rest_rotations", self.rest_rotations, NUM_JOINTS, 3, 3)
        require_array("moments", self.moments, 10)


def body_moments(rest: Float[Array, "verts 3"]) -> Float[Array, "10"]:
    """Mean place (3), mean products of coordinates (6) and stature of a mesh: changes of shape show, shapes don't."""
    points = np.asarray(rest, np.float64)
    products = points.T @ points / len(points)
    return np.concatenate([points.mean(0), products[np.triu_indices(3)], [np.ptp(points[:, 2])]])


def topology_hash(topology: Topology) -> str:
    """Of bones, weights and triangles: what a table depends on, besides the body model."""
    arrays = (
        np.array("\n".join(map(str, topology.bone_names)).encode()),
        topology.bone_parents,
        topology.skin_bones,
        topology.skin_weights,
        topology.body_faces,
    )
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshNote:
    """What a plan says of a topology: enough to check a table against, and no vertex."""

    SCHEMA: ClassVar[str] = "cuffs-humgen3d-mesh/1"

    num_verts: int
    """Of the body mesh and the eyes together."""

    sha256: str
    """Of bones, weights and triangles."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_range("num_verts", self.num_verts, 1, 10**7)
