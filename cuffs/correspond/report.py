"""How good a registration is, from what can be known without the true answer."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from cuffs.correspond.parametric import ParametricFit
from cuffs.correspond.rigged_mesh import RiggedMesh
from cuffs.correspond.table import Correspondence

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True)
class PartReport:
    """One part of the body."""

    gap_mm_mean: float
    gap_mm_p95: float
    gap_mm_max: float
    coverage: float
    """Share of the part's vertices that have a counterpart on the character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationReport:
    """Lies beside the table as JSON. A gap is not the error of the correspondence: sliding along skin leaves none."""

    parts: Mapping[str, PartReport]
    eyeballs: PartReport
    flipped_faces: int
    """Triangles of the body model, eyeballs apart, that face the other way once carried."""

    squeezed_faces: int
    """Triangles that have lost more than 95 % of their area once carried."""

    landmark_mm: Mapping[str, float]
    """Distances that the parametric fit leaves between joints and ends of parts."""

    beta_max: float
    """Largest shape coefficient that the registration needed: large ones mean a body outside the model's space."""


def report_registration(
    source: RiggedMesh,
    target: RiggedMesh,
    table: Correspondence,
    *,
    parts: Mapping[str, Int[Array, " _"]],
    parametric: ParametricFit,
    draped: Float[Array, "verts 3"],
) -> RegistrationReport:
    """Measure a registration."""
    carried = np.einsum("vc,vcx->vx", table.bary, target.verts[table.corners])
    skin = source.faces[~source.is_eyeball[source.faces].any(1)]
    before, after = _area_vectors(draped, skin), _area_vectors(carried, skin)
    size = np.linalg.norm(before, axis=1)
    return RegistrationReport(
        parts={name: _part(table, numbers) for name, numbers in parts.items()},
        eyeballs=_part(table, np.flatnonzero(source.is_eyeball)),
        flipped_faces=int(((before * after).sum(1) < 0).sum()),
        squeezed_faces=int((np.linalg.norm(after, axis=1) < 0.05 * size).sum()),
        landmark_mm=parametric.landmark_mm(),
        beta_max=round(float(np.abs(parametric.state.betas).max()), 3),
    )


def _part(table: Correspondence, numbers: Int[Array, " n"]) -> PartReport:
    gap = table.gap_mm[numbers]
    return PartReport(
        gap_mm_mean=round(float(gap.mean()), 4),
        gap_mm_p95=round(float(np.percentile(gap, 95)), 4),
        gap_mm_max=round(float(gap.max()), 4),
        coverage=round(float(table.is_covered[numbers].mean()), 4),
    )


def _area_vectors(verts: Float[Array, "verts 3"], faces: Int[Array, "faces 3"]) -> Float[Array, "faces 3"]:
    a, b, c = (verts[faces[:, corner]] for corner in range(3))
    return np.cross(b - a, c - a)
