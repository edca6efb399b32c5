"""AGORA's submission: one pickle a person, of parameters, in a zip (prediction_format.md of agora_evaluation)."""

import pickle
import zipfile
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np
from jaxtyping import Float

from cuffs.publish import publish_file
from cuffs.records import SmplxRecord
from cuffs.rotations import rotvec_to_rotmat
from trainer.evaluate.agora import NUM_MATCHED, SMALL, WIDTH_PX
from trainer.evaluate.shots import project_px
from trainer.predict.finder import FoundPeople, FoundPerson

FOLDER: Final = "predictions"
PROTOCOL: Final = 2
NEW_NUMPY, OLD_NUMPY = b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n"
POSES: Final = (
    "global_orient", "body_pose", "left_hand_pose", "right_hand_pose", "jaw_pose", "leye_pose", "reye_pose",
)  # fmt: skip


def person_dict(person: FoundPerson, K: Float[np.ndarray, "3 3"]) -> dict[str, object]:
    """What the evaluator reads of a person: parameters as rotation matrices, hands absolute, float32."""

    def single(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array, np.float32)

    smplx: SmplxRecord = person.smplx
    rotations = {name: rotvec_to_rotmat(getattr(smplx, name)).reshape(1, -1, 3, 3) for name in POSES}
    others = {name: getattr(smplx, name)[None] for name in ("transl", "betas", "expression")}
    return {
        "joints": single(project_px(person.joints3d_cam[:NUM_MATCHED], K) * (WIDTH_PX / (2 * K[0, 2]))),
        "params": {name: single(array) for name, array in {**rotations, **others}.items()},
        "pose2rot": False,
        "gender": "neutral",
        "age": "adult",
        "num_betas": len(smplx.betas),
    }


def as_pickle(values: dict[str, object]) -> bytes:
    """A pickle that any numpy reads: numpy 2 names its own inside otherwise, and older ones don't know that name."""
    return pickle.dumps(values, protocol=PROTOCOL).replace(NEW_NUMPY, OLD_NUMPY)


class Submission:
    """The zip, written while pictures are looked at; whole or not at all. Use it in a `with` block."""

    def __init__(self, path: Path) -> None:
        self._publishing = publish_file(path)
        self._archive = zipfile.ZipFile(self._publishing.__enter__(), "w", zipfile.ZIP_DEFLATED)

    def __enter__(self) -> "Submission":
        return self

    def add(self, picture: Path, found: FoundPeople) -> None:
        """Add the people of a picture."""
        name = picture.stem.removesuffix(SMALL)
        for number, person in enumerate(found.people):
            member = f"{FOLDER}/{name}_personId_{number}.pkl"
            self._archive.writestr(zipfile.ZipInfo(member), as_pickle(person_dict(person, found.K)))

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._archive.close()
        self._publishing.__exit__(kind, problem, trace)
