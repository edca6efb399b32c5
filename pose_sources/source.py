"""What every source of poses offers, whether it makes them or reads them from files."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from cuffs.records import PoseSample

RestPelvis = Callable[[Float[np.ndarray, " num_betas"], str], "Float[np.ndarray, '3'] | None"]
"""Where the pelvis rests for some betas of a named body model (smplx-male, say), metres; None where that model is
not at hand. Needed to turn a body and keep its translation: SMPL-X turns about the pelvis, not the origin."""


@runtime_checkable
class PoseSource(Protocol):
    """Somewhere that poses come from."""

    @property
    def name(self) -> str:
        """The dataset's name, as in `PoseOrigin.dataset`."""
        ...

    @property
    def licence(self) -> str:
        """What the poses may be used for, as in `PoseOrigin.licence`."""
        ...

    def draw(self, rng: np.random.Generator) -> PoseSample:
        """Draw one pose. The same state of `rng` gives the same pose.

        Raises:
            PoseFileError: if the drawn pose lies in a file that can't be used.
        """
        ...


@runtime_checkable
class NumberedPoseSource(PoseSource, Protocol):
    """A source whose poses have numbers, from 0: files, and generators that make the same pose of the same number."""

    def __getitem__(self, number: int) -> PoseSample:
        """One pose by its number.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file can't be used.
        """
        ...


@runtime_checkable
class IndexedPoseSource(PoseSource, Protocol):
    """A source with a fixed number of poses. Opening it costs an index; a pose is read when asked for."""

    def __len__(self) -> int:
        """How many poses there are."""
        ...

    def __getitem__(self, number: int) -> PoseSample:
        """One pose by its number, from 0.

        Raises:
            IndexError: if there is no such number.
            PoseFileError: if its file can't be used.
        """
        ...


@runtime_checkable
class RecordedPoseSource(PoseSource, Protocol):
    """A source of recordings, whose poses follow each other."""

    def beside(self, sample: PoseSample) -> PoseSample | None:
        """The kept frame before one that this source gave, after it for the first; None for a single frame.

        Raises:
            PoseFileError: if its file can't be used.
        """
        ...
