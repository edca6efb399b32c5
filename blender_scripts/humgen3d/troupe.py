"""Dressed humans that wait for their next scene: making one takes longer than posing it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

import bpy
import numpy as np
from jaxtyping import Bool

from blender_scripts.humgen3d.human import Human
from cuffs.character import Identity, Topology
from cuffs.codec import encode
from cuffs.records import CharacterSpec


def role_of(number: int, spec: CharacterSpec) -> str:
    """A person's number in the scene, who they are and what they wear: whoever has the same can stand in."""
    return f"{number} {json.dumps(encode(spec), sort_keys=True)}"


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

    _waiting: dict[str, Dressed] = field(default_factory=dict)

    def only(self, roles: Iterable[str]) -> list[bpy.types.Object]:
        """Send all others home; the objects of those who stay."""
        wanted = set(roles)
        self._waiting = {role: dressed for role, dressed in self._waiting.items() if role in wanted}
        return [thing for dressed in self._waiting.values() for thing in dressed.things]

    def take(self, role: str) -> Dressed | None:
        """The human of a role, if they wait; not here any more then."""
        return self._waiting.pop(role, None)

    def wait(self, role: str, dressed: Dressed) -> None:
        """Keep a human after a scene that went well."""
        self._waiting[role] = dressed
