"""What each vertex's distance counts: a robust cost, and quadratic models of it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowMetric:
    """One symmetric 3x3 matrix a row: scale * (1 + (along - 1) axis axis^T)."""

    scale: Float[Array, " rows"]
    axis: Float[Array, "rows 3"]
    """Unit vectors, or nought."""

    along: Float[Array, " rows"]
    """How much more the axis counts than what is across it."""

    def gram(self, jacobian: Float[Array, "some 3 columns"], rows: slice) -> Float[Array, "columns columns"]:
        """Gram matrix of the matrices of some rows times their Jacobian; the Jacobian is scaled in place."""
        across = np.einsum("na,nak->nk", self.axis[rows], jacobian)
        extra = across.T @ (across * (self.scale[rows] ** 2 * (self.along[rows] ** 2 - 1))[:, None])
        jacobian *= self.scale[rows, None, None]
        flat = jacobian.reshape(-1, jacobian.shape[-1])
        return flat.T @ flat + extra

    def applied(self, vectors: Float[Array, "some 3 columns"], rows: slice) -> Float[Array, "some 3 columns"]:
        """The matrices of some rows times vectors."""
        axis = self.axis[rows]
        part = np.einsum("na,nak->nk", axis, vectors)
        extra = ((self.along[rows] - 1)[:, None] * axis)[:, :, None] * part[:, None, :]
        return self.scale[rows, None, None] * (vectors + extra)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CostTerms:
    """A quadratic model of the rows' costs about their present residuals."""

    metric: RowMetric
    pull: Float[Array, "rows 3"]
    """Minus the gradient of the cost by each row's position."""


def robust_terms(
    residual: Float[Array, "rows 3"], trust: Float[Array, " rows"], *, scale_m: float, is_near: bool
) -> CostTerms:
    """The pseudo-Huber cost trust * c^2 (sqrt(1 + r^2 / c^2) - 1), quadratic for small, linear for large residuals.

    Its gradient is w r with w = 1 / sqrt(1 + r^2 / c^2), its second derivative w across the residual and w^3 along it.
    Far from the solution the majoriser w in every direction is used (reweighted least squares: never overshoots), near
    it the second derivative itself (Newton: few steps).

    Args:
        residual: target minus present place, metres.
        trust: weight of each row.
        scale_m: c, metres.
        is_near: whether to use the second derivative.
    """
    length = np.linalg.norm(residual, axis=1)
    weight = 1 / np.sqrt(1 + (length / scale_m) ** 2)
    axis = residual / np.where(length > 0, length, 1.0)[:, None]
    along = weight if is_near else np.ones_like(weight)
    return CostTerms(
        metric=RowMetric(scale=np.sqrt(trust * weight), axis=axis, along=along),
        pull=(trust * weight)[:, None] * residual,
    )
