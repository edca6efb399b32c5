"""Where joints rest for the betas of a named body model, from the user's licensed files.

Data sets are fitted with several SMPL-X models. Their betas mean nothing in another model, and turning a body needs its
pelvis at rest (`frames.py`). Names used here and in `PoseSample.betas_model`:

smplx-neutral, smplx-male, smplx-female            SMPL-X v1.1
smplx-lockedhead-neutral, -male, -female           the variant without a head bun that BEDLAM2 uses
…-kid                                              the same with one more direction, AGORA's kid template
"""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.body import BodyModel
from cuffs.errors import PoseFileError
from cuffs.npz import read_npz
from cuffs.skeleton import NUM_JOINTS, NUM_VERTS

log = logging.getLogger(__name__)

KID: Final = "-kid"
KID_TEMPLATE: Final = "smplx_kid_template.npy"
KID_BETAS: Final = 10
"""The kid's direction stands after so many (`pose_formats.md`, 2.3)."""

MOST_BETAS: Final = 20
"""No data set's people have more; the model's other directions are not worth their memory."""

PLACES: Final = ("", "smplx/", "models/smplx/")
LOCKED_PLACES: Final = ("models_lockedhead/smplx/", "smplx_lockedhead_20230207/models_lockedhead/smplx/")


@dataclass(frozen=True, slots=True, eq=False)
class RestShape:
    """Joints of a model at rest, and how betas move them."""

    joints: Float[np.ndarray, "55 3"]
    directions: Float[np.ndarray, "55 3 betas"]

    def at(self, betas: Float[np.ndarray, " num_betas"]) -> Float[np.ndarray, "55 3"] | None:
        """Joints at rest, metres; None where the model has fewer directions."""
        if len(betas) > self.directions.shape[-1]:
            return None
        return self.joints + self.directions[..., : len(betas)] @ betas


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RestShapes:
    """The models at hand. Each is read when it is first asked for."""

    assets: Path | None
    """Folder of the user's licensed files; None: no model is at hand but `given`."""

    given: Mapping[str, BodyModel] = field(default_factory=dict)
    """Models that are loaded already, by name."""

    read: dict[str, RestShape | None] = field(default_factory=dict)

    def rest_joints(self, betas: Float[np.ndarray, " num_betas"], model: str) -> Float[np.ndarray, "55 3"] | None:
        """Joints at rest, metres; None where the model is not at hand or has fewer betas.

        Raises:
            PoseFileError: if the model's file can't be used.
        """
        if model not in self.read:
            self.read[model] = self._find(model)
        shape = self.read[model]
        return None if shape is None else shape.at(betas)

    def rest_pelvis(self, betas: Float[np.ndarray, " num_betas"], model: str) -> Float[np.ndarray, "3"] | None:
        """The pelvis of `rest_joints`: what `source.RestPelvis` asks for."""
        joints = self.rest_joints(betas, model)
        return None if joints is None else joints[0]

    def _find(self, model: str) -> RestShape | None:
        if model in self.given:
            found = self.given[model]
            return RestShape(found.joint_template, found.joint_shapedirs)
        if self.assets is None:
            return None
        path = next((path for path in model_places(self.assets, model) if path.is_file()), None)
        if path is None:
            log.info("%s is not at hand: where its bodies stand is not known", model)
            return None
        template = self.assets / KID_TEMPLATE
        if model.endswith(KID) and not template.is_file():
            log.info("%s is not there: where kids stand is not known", template)
            return None
        return _read_shape(path, template if model.endswith(KID) else None)


def model_places(assets: Path, model: str) -> Iterator[Path]:
    """Where a model's file may lie."""
    name = model.removesuffix(KID).split("-")
    if name[0] != "smplx" or name[-1] not in ("neutral", "male", "female"):
        return
    for place in LOCKED_PLACES if "lockedhead" in name else PLACES:
        yield assets / place / f"SMPLX_{name[-1].upper()}.npz"


def _read_shape(path: Path, kid_template: Path | None) -> RestShape:
    keys = ("v_template", "shapedirs", "J_regressor")
    arrays = read_npz(path, only=frozenset(keys), error=PoseFileError)
    for key, shape in zip(keys, ((NUM_VERTS, 3), (NUM_VERTS, 3), (NUM_JOINTS, NUM_VERTS)), strict=True):
        if key not in arrays or arrays[key].shape[:2] != shape or arrays[key].dtype.kind != "f":
            raise PoseFileError(f"{path}: {key} is not SMPL-X's. Fetch the model again.")
    regressor, template = arrays["J_regressor"], arrays["v_template"]
    count = MOST_BETAS if arrays["shapedirs"].shape[-1] >= 400 else 10
    directions = arrays["shapedirs"][..., :count]
    if kid_template is not None:
        kid = np.lib.format.open_memmap(kid_template, mode="r")
        if kid.shape != (NUM_VERTS, 3) or kid.dtype.kind != "f":
            raise PoseFileError(f"{kid_template} is {kid.shape} {kid.dtype}, but must be {(NUM_VERTS, 3)} of numbers.")
        direction = kid - kid.mean(0) - template
        directions = np.concatenate([directions[..., :KID_BETAS], direction[..., None]], -1)
    flat = directions.reshape(NUM_VERTS, -1)
    return RestShape(regressor @ template, (regressor @ flat).reshape(NUM_JOINTS, 3, -1))
