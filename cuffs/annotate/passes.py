"""Further truth by pixel, by recipe: depth, normals, parts of bodies. `KEY.passes.npz`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int16

from cuffs.annotate.raster import Canvas, nearest_faces
from cuffs.annotate.visibility import DataPass
from cuffs.lens import bend
from cuffs.npz import npz_bytes

Array = np.ndarray
PassName = Literal["depth_z", "normals", "parts"]

UNIT: Final = 32767
"""Stored components of a unit normal: 1 is this much, so that rounding turns it by less than 0.003°."""

DECIMALS: Final = 4
"""Of depth, metres: tenths of a millimetre."""

Shell = tuple[Float[Array, "verts 3"], Int[Array, "faces 3"]]
"""Everything of a person that the picture shows, camera frame, metres, before the lens bends it."""


def passes_npz(
    wanted: Sequence[PassName],
    data: DataPass,
    shells: Sequence[Shell],
    K: Float[Array, "3 3"],
    distortion: tuple[float, float, float, float, float] | None,
) -> bytes:
    """The passes that a recipe asks for, as an archive.

    Args:
        wanted: some of: depth_z float32 [height][width], metres along the optical axis, 0 where nothing is; normals
            int16 [height][width][3], camera axes, `UNIT` times the unit normal of the surface in front, towards the
            camera, 0 where nobody is; parts uint8 [height][width], `skeleton.LIMBS` number + 1, 0 where nobody is.
        data: the 1-sample pass at pixel centres.
        shells: of everybody, in the order of the data pass's numbers.
        K: pixels.
        distortion: of the lens.
    """
    arrays = {}
    surfaces = [_seen(data.person == number, shell, K, distortion) for number, shell in enumerate(shells, start=1)]
    if "depth_z" in wanted:
        arrays["depth_z"] = _depth_image(data, surfaces)
    if "normals" in wanted:
        arrays["normals"] = _normals_image(data, shells, surfaces)
    if "parts" in wanted:
        arrays["parts"] = data.limb
    return npz_bytes(arrays)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Surface:
    """Where one person's triangles are what the mask shows."""

    is_seen: Bool[Array, "height width"]
    """Pixels of the mask through whose centres one of their triangles is seen: at edges, rounding decides."""

    face: Int[Array, " pixels"]
    """The triangle in front, of the pixels that are seen."""

    depth_z: Float[Array, " pixels"]


def _seen(
    mask: Bool[Array, "height width"],
    shell: Shell,
    K: Float[Array, "3 3"],
    distortion: tuple[float, float, float, float, float] | None,
) -> _Surface:
    verts_cam, faces = shell
    height, width = mask.shape
    canvas = Canvas(left=0, top=0, width=width, height=height)
    hit, depth_z = nearest_faces(bend(verts_cam, distortion), faces, K, canvas)
    is_seen = mask & (hit >= 0)
    return _Surface(is_seen=is_seen, face=hit[is_seen], depth_z=depth_z[is_seen])


def _depth_image(data: DataPass, surfaces: Sequence[_Surface]) -> Float32[Array, "height width"]:
    """Of people their triangles', for through a lens that bends, the data pass has the ray next to a pixel's centre."""
    image = data.depth_z.copy()
    for surface in surfaces:
        image[surface.is_seen] = surface.depth_z
    return image.round(DECIMALS)


def _normals_image(
    data: DataPass, shells: Sequence[Shell], surfaces: Sequence[_Surface]
) -> Int16[Array, "height width 3"]:
    """Normals of the triangles that rays through pixel centres meet first, as `passes_npz` has them."""
    image = np.zeros((*data.person.shape, 3), np.int16)
    for (verts_cam, faces), surface in zip(shells, surfaces, strict=True):
        corners = verts_cam[faces[surface.face]]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        towards = np.sign((normals * corners[:, 0]).sum(1))  # either side of a triangle may be seen
        length = np.linalg.norm(normals, axis=1).clip(1e-20)
        image[surface.is_seen] = np.rint(-UNIT * (towards / length)[:, None] * normals).astype(np.int16)
    return image
