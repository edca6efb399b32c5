"""Dressed humans that wait for their next scene: making one takes longer than posing it."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import bpy
import numpy as np
from jaxtyping import Bool

from blender_scripts.humgen3d.human import Human
from cuffs.character import Identity, Topology
from cuffs.records import CharacterSpec

Role = tuple[int, CharacterSpec]
"""A person's number in the scene, and who they are and what they wear."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dressed:
    """A human that wants nothing but a pose."""

    human: Human
    topology: Topology
    identity: Identity
    hidden: Bool[np.ndarray, " verts"]
    """Which of the body's vertices clothes cover."""

    @property
    def things(self) -> list[bpy.types.Object]:
        """All that Blender must keep."""
        return [self.human.rig, *self.human.rig.children_recursive]


@dataclass(slots=True, eq=False)
class Troupe:
    """Who waits. Those in a scene are not in here: what fails is not used again."""

    _waiting: dict[Role, Dressed] = field(default_factory=dict)

    def only(self, roles: Iterable[Role]) -> list[bpy.types.Object]:
        """Send all others home; the objects of those who stay."""
        wanted = set(roles)
        self._waiting = {role: dressed for role, dressed in self._waiting.items() if role in wanted}
        return [thing for dressed in self._waiting.values() for thing in dressed.things]

    def take(self, role: Role) -> Dressed | None:
        """The human of a role, if they wait; not here any more then."""
        return self._waiting.pop(role, None)

    def wait(self, role: Role, dressed: Dressed) -> None:
        """Keep a human after a scene that went well."""
        self._waiting[role] = dressed
