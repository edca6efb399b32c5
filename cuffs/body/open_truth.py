"""Where the open body's vertices truly lie on an open character at rest: what registration is measured against.

The open body's skin vertices are vertices of anny's SOMA topology, and anny evaluates SOMA and MakeHuman meshes of the
same person. Only benchmarks and tests may ask this; registration and annotation never do.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Float

from cuffs.body.model import BodyModel
from cuffs.character.anny_model import AnnyModel, load_anny
from cuffs.npz import read_npz


class OpenTruth:
    """True rest positions of the open body's 9,383 skin vertices (eyeballs have no truth)."""

    def __init__(self, model: BodyModel, cache: Path) -> None:
        self._soma_vertices = read_npz(model.path.with_name("open_body_extra.npz"))["soma"]
        self._soma: AnnyModel = load_anny(cache, topology="soma", local_changes=True)

    def rest(
        self,
        traits: Mapping[str, float],
        local_changes: Mapping[str, float] | None = None,
        *,
        bone_heads: Float[np.ndarray, "bones 3"],
    ) -> Float[np.ndarray, "9383 3"]:
        """Positions for a phenotype, metres, in the frame of an identity's rest mesh.

        Args:
            traits: anny's phenotype.
            local_changes: anny's local sliders.
            bone_heads: the identity's; its frame is anny's, moved so that feet stand on the ground.
        """
        shape = self._soma.rest(traits, local_changes)
        return shape.verts[self._soma_vertices] + (bone_heads[0] - shape.bone_heads[0])
