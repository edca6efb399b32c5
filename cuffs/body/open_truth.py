"""Where the open body's vertices truly lie on an open character at rest: what registration is measured against.

The open body's skin vertices are vertices of anny's SOMA topology, and anny evaluates SOMA and MakeHuman meshes of the
same person. Only benchmarks and tests may ask this; registration and annotation never do.
"""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from cuffs.body.model import BodyModel
from cuffs.character.anny_model import AnnyModel
from cuffs.npz import read_npz


def true_rest(
    model: BodyModel,
    soma: AnnyModel,
    traits: Mapping[str, float],
    *,
    local_changes: Mapping[str, float],
    bone_heads: Float[np.ndarray, "bones 3"],
) -> Float[np.ndarray, "9383 3"]:
    """Positions of the skin's vertices on a person at rest, metres, in the frame of an identity's rest mesh.

    Args:
        model: the open body.
        soma: its SOMA topology: `load_anny(cache, topology="soma", local_changes=True)`.
        traits: anny's phenotype.
        local_changes: anny's local sliders.
        bone_heads: the identity's; its frame is anny's, moved so that feet stand on the ground.
    """
    numbers = read_npz(model.path.with_name("open_body_extra.npz"))["soma"]
    shape = soma.rest(traits, local_changes)
    return shape.verts[numbers] + (bone_heads[0] - shape.bone_heads[0])
