"""Human3.6M's joints on SMPL's mesh, which 3DPW, MuPoTs-3D and CMU Panoptic are measured by."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from jaxtyping import Float
from scipy.sparse import csr_matrix

from trainer.evaluate.licensed import h36m_regressor, to_smpl
from trainer.evaluate.shots import Figure, project_px
from trainer.predict.finder import FoundPerson

PELVIS: Final = 0
R_HIP, R_KNEE, R_ANKLE, L_HIP, L_KNEE, L_ANKLE = 1, 2, 3, 4, 5, 6
NECK, HEAD_TOP = 8, 10
L_SHOULDER, L_ELBOW, L_WRIST, R_SHOULDER, R_ELBOW, R_WRIST = 11, 12, 13, 14, 15, 16
FOURTEEN: Final = (
    R_ANKLE, R_KNEE, R_HIP, L_HIP, L_KNEE, L_ANKLE, R_WRIST, R_ELBOW, R_SHOULDER, L_SHOULDER, L_ELBOW, L_WRIST,
    NECK, HEAD_TOP,
)  # fmt: skip
"""Those of the 17 that papers measure."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ToHuman36m:
    """From SMPL-X's mesh to SMPL's and its joints."""

    transfer: csr_matrix
    regressor: Float[np.ndarray, "17 6890"]

    def joints(self, verts: Float[np.ndarray, "10475 3"]) -> Float[np.ndarray, "17 3"]:
        """Joints of an SMPL-X mesh."""
        return self.regressor @ (self.transfer @ verts)


def load_human36m(assets: Path | None, *, by: str) -> ToHuman36m:
    """The two licensed files.

    Raises:
        AssetMissing: if one isn't there.
        AssetBroken: if one is something else.
    """
    return ToHuman36m(transfer=to_smpl(assets, by=by), regressor=h36m_regressor(assets, by=by))


def joint_figures(maps: ToHuman36m, points: tuple[int, ...]) -> Callable[[FoundPerson, np.ndarray], Figure]:
    """How somebody found becomes a figure: some of the 17 joints, the pelvis first, paired by all but the pelvis."""

    def figure(person: FoundPerson, K: np.ndarray) -> Figure:
        joints = maps.joints(person.verts_cam)[[PELVIS, *points]]
        return Figure(points_px=project_px(joints[1:], K), joints=joints, verts=np.zeros((0, 3)))

    return figure
