"""Rotations in torch, float32 or better: the 6D form of Zhou et al. (CVPR 2019), axis-angle, means."""

import torch
from jaxtyping import Float
from torch import Tensor


def sixd_to_rotmat(sixd: Float[Tensor, "*batch 6"]) -> Float[Tensor, "*batch 3 3"]:
    """Gram-Schmidt: the six numbers are the first two columns, one after the other.

    Degenerate numbers (a zero column, two parallel ones) give NaN: there is no rotation that they mean.
    """
    first, second = sixd[..., :3], sixd[..., 3:]
    x = first / first.norm(dim=-1, keepdim=True)
    across = second - (x * second).sum(-1, keepdim=True) * x
    y = across / across.norm(dim=-1, keepdim=True)
    return torch.stack([x, y, torch.linalg.cross(x, y)], -1)


def rotmat_to_sixd(rotmat: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 6"]:
    """The first two columns, one after the other."""
    return rotmat[..., :2].mT.flatten(-2)


def rotvec_to_rotmat(rotvec: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Axis-angle (radians) to matrix: Rodrigues' formula with series near zero, gradients everywhere."""
    square = rotvec.square().sum(-1)[..., None, None]
    small = square < 1e-6
    safe = torch.where(small, torch.ones_like(square), square)
    angle = safe.sqrt()
    first = torch.where(small, 1 - square / 6, angle.sin() / angle)
    # 1 - cos would lose half the digits at small angles.
    second = torch.where(small, 0.5 - square / 24, 2 * (angle / 2).sin().square() / safe)
    S = skew(rotvec)
    with torch.autocast(rotvec.device.type, enabled=False):
        return torch.eye(3, dtype=rotvec.dtype, device=rotvec.device) + first * S + second * (S @ S)


def skew(v: Float[Tensor, "*batch 3"]) -> Float[Tensor, "*batch 3 3"]:
    """Matrix S with S x = v cross x."""
    x, y, z = v.unbind(-1)
    zero = torch.zeros_like(x)
    return torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).unflatten(-1, (3, 3))


def rotmat_to_rotvec(rotmat: Float[Tensor, "*batch 3 3"]) -> Float[Tensor, "*batch 3"]:
    """Matrix to axis-angle, angle in [0, pi], accurate at both ends.

    Through the quaternion's component of largest size (Shepperd 1978): all four candidates are computed, one is taken.
    """
    m = rotmat.unbind(-2)
    (a, b, c), (d, e, f), (g, h, i) = (row.unbind(-1) for row in m)
    columns = [
        torch.stack([1 + a + e + i, h - f, c - g, d - b], -1),
        torch.stack([h - f, 1 + a - e - i, b + d, c + g], -1),
        torch.stack([c - g, b + d, 1 - a + e - i, f + h], -1),
        torch.stack([d - b, c + g, f + h, 1 - a - e + i], -1),
    ]
    candidates = torch.stack(columns, -2)
    largest = candidates.diagonal(dim1=-2, dim2=-1).argmax(-1)
    index = largest[..., None, None].expand(*largest.shape, 1, 4)
    quaternion = candidates.gather(-2, index)[..., 0, :]
    quaternion = quaternion / quaternion.norm(dim=-1, keepdim=True)
    quaternion = torch.where(quaternion[..., :1] < 0, -quaternion, quaternion)
    sine = quaternion[..., 1:].norm(dim=-1, keepdim=True)
    angle = 2 * torch.atan2(sine, quaternion[..., :1])
    # angle / sine tends to 2 at the identity; the norm there is 0, or so small that the quotient is exact anyway.
    factor = torch.where(sine > 0, angle / torch.where(sine > 0, sine, torch.ones_like(sine)), torch.full_like(sine, 2))
    return quaternion[..., 1:] * factor


def mean_rotation(
    rotmats: Float[Tensor, "count joints 3 3"], weights: Float[Tensor, "count joints"]
) -> Float[Tensor, "joints 3 3"]:
    """The rotation with the least sum of squared chordal distances (Moakher 2002): the mean matrix, projected.

    Args:
        rotmats: rotations.
        weights: of each, 0 leaves it out. Where all are 0 the mean is the identity.
    """
    total = weights.sum(0)[:, None, None]
    mean = (rotmats * weights[..., None, None]).sum(0) / total.clamp(min=1e-12)
    mean = torch.where(total > 0, mean, torch.eye(3, dtype=mean.dtype, device=mean.device))
    u, _, vt = torch.linalg.svd(mean)
    flip = torch.ones_like(u[..., 0, :])
    flip[..., 2] = torch.linalg.det(u @ vt)
    return u * flip[..., None, :] @ vt
