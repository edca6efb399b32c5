"""Further truth by pixel, by recipe: depth, normals, parts of bodies. `KEY.passes.npz`."""

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np
from jaxtyping import Float, Int, Int16

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
    if "depth_z" in wanted:
        arrays["depth_z"] = data.depth_z.round(DECIMALS)
    if "normals" in wanted:
        arrays["normals"] = normals_image(data, shells, K, distortion)
    if "parts" in wanted:
        arrays["parts"] = data.limb
    return npz_bytes(arrays)


def normals_image(
    data: DataPass,
    shells: Sequence[Shell],
    K: Float[Array, "3 3"],
    distortion: tuple[float, float, float, float, float] | None,
) -> Int16[Array, "height width 3"]:
    """Normals of the triangles that rays through pixel centres meet first, as `passes_npz` has them.

    A pixel of somebody's mask that none of their triangles covers (at edges, rounding decides) has none.
    """
    height, width = data.person.shape
    image = np.zeros((height, width, 3), np.int16)
    canvas = Canvas(left=0, top=0, width=width, height=height)
    for number, (verts_cam, faces) in enumerate(shells, start=1):
        mine = data.person == number
        if not mine.any():
            continue
        hit, _ = nearest_faces(bend(verts_cam, distortion), faces, K, canvas)
        seen = mine & (hit >= 0)
        corners = verts_cam[faces[hit[seen]]]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        towards = np.sign((normals * corners[:, 0]).sum(1))  # either side of a triangle may be seen
        length = np.linalg.norm(normals, axis=1).clip(1e-20)
        image[seen] = np.rint(-UNIT * (towards / length)[:, None] * normals).astype(np.int16)
    return image
