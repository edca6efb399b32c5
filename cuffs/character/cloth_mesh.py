"""A garment's connectivity as it is worn: finer twice over. Numpy alone."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from cuffs.character.records import FITTED_KINDS, Part
from cuffs.character.subdivision import Subdivision, subdivision

Array = np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClothMesh:
    """What is the same for everybody who wears a garment."""

    first: Subdivision
    second: Subdivision
    steps: int
    """How often it is made finer: twice, or not at all where its shape is its own."""

    edges: Int[Array, "edges 2"]
    """Of the mesh after the first step, on which cloth falls into folds."""

    original: Int[Array, "faces 3"]
    """The part's own triangles."""

    on_rim: Bool[Array, " middle"]
    """Which vertices of that mesh lie on hems."""

    @property
    def faces(self) -> Int[Array, "faces 3"]:
        """The finest triangles, without lining. Face f of the part became 16 from row 16 f on."""
        return self.second.faces if self.steps else self.original

    @property
    def num_finest(self) -> int:
        """Vertices of the finest mesh."""
        return self.second.num_verts + len(self.second.edges) if self.steps else self.first.num_verts

    def spread(self, values: Float[Array, "verts channels"]) -> Float[Array, "fine channels"]:
        """What the part's vertices have, at the finest, linearly between."""
        return self.second.between(self.first.between(values)) if self.steps else values

    def finest(self, values: Float[Array, "verts channels"]) -> Float[Array, "fine channels"]:
        """What the part's vertices have, smoothly spread over the finest."""
        return self.second.apply(self.first.apply(values))


def cloth_mesh(part: Part) -> ClothMesh:
    """Prepare a garment."""
    first = subdivision(part.faces, len(part.vertices))
    middle = subdivision(first.faces, len(part.vertices) + len(first.edges))
    on_rim = np.zeros(middle.num_verts, bool)
    on_rim[middle.edges[middle.is_open]] = True
    return ClothMesh(
        first=first,
        second=middle,
        steps=0 if part.kind in FITTED_KINDS else 2,
        edges=middle.edges,
        original=part.faces.astype(np.int64),
        on_rim=on_rim,
    )
