"""Who plays a plan's scenes, whatever kind of character they are."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from cuffs.character import Identity, Topology
from cuffs.records import CharacterSpec


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Performer:
    """One identity as the planner poses it."""

    name: str
    """Of its file in the plan's assets."""

    identity: Identity
    topology: Topology


@runtime_checkable
class Cast(Protocol):
    """Identities by number. Which are asked for, how often and in what order, changes nothing."""

    def performer(self, number: int) -> Performer:
        """The identity of a number; made when first asked for."""
        ...

    def look(self, number: int, *, traits: np.random.Generator, outfit: np.random.Generator) -> CharacterSpec:
        """What an identity wears.

        Args:
            number: the identity's.
            traits: for what stays the same in all of an identity's scenes.
            outfit: for clothes.
        """
        ...

    def face(self, rng: np.random.Generator) -> tuple[dict[str, float], Float[np.ndarray, "2 3"]]:
        """An expression (weights of the character's facial actions) and the eyes' rotations, as `face.sample_face`."""
        ...
