"""A garment's connectivity as it is worn: finer twice over. Numpy alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.records import Part
from cuffs.character.subdivision import Subdivision, subdivision

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClothMesh:
    """What is the same for everybody who wears a garment."""

    first: Subdivision
    second: Subdivision
    edges: Int[Array, "edges 2"]
    """Of the mesh after the first step, on which cloth falls into folds."""

    on_rim: Bool[Array, " middle"]
    """Which vertices of that mesh lie on hems."""

    @property
    def faces(self) -> Int[Array, "faces 3"]:
        """The finest triangles, without lining. Face f of the part became 16 from row 16 f on."""
        return self.second.faces

    @property
    def num_finest(self) -> int:
        """Vertices of the finest mesh."""
        return self.second.num_verts + len(self.second.edges)

    def finest(self, values: Float[Array, "verts channels"]) -> Float[Array, "fine channels"]:
        """What the part's vertices have, smoothly spread over the finest."""
        return self.second.apply(self.first.apply(values))


def cloth_mesh(part: Part) -> ClothMesh:
    """Prepare a garment."""
    first = subdivision(part.faces, len(part.vertices))
    middle = subdivision(first.faces, len(part.vertices) + len(first.edges))
    on_rim = np.zeros(middle.num_verts, bool)
    on_rim[middle.edges[middle.is_open]] = True
    return ClothMesh(first=first, second=middle, edges=middle.edges, on_rim=on_rim)
