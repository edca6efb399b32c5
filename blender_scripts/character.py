"""What the worker needs of a character, whatever its kind."""

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import bpy
import numpy as np
from jaxtyping import Float

from blender_scripts.assets import Assets
from blender_scripts.humgen3d.character import HumGenCharacter
from blender_scripts.open_character import OpenCharacter
from blender_scripts.shell import Shell
from cuffs.errors import RecordError
from cuffs.records import CharacterSpec, PersonSpec

Array = np.ndarray


@runtime_checkable
class Character(Protocol):
    """A person being built: created, then shaped, dressed and posed in this order, then read."""

    def shape(self) -> None:
        """Build rig and body in the identity's rest pose."""
        ...

    def dress(self) -> None:
        """Add skin, eyes, clothes and hair."""
        ...

    def pose(self, person: PersonSpec) -> None:
        """Take the pose, place and face that a spec asks for."""
        ...

    def read_body(self, depsgraph: bpy.types.Depsgraph) -> Float[Array, "verts 3"]:
        """The evaluated body mesh, whole, in the topology's order: world, float32 metres."""
        ...

    def read_shell(self, depsgraph: bpy.types.Depsgraph) -> Shell:
        """All surfaces of this person that a picture shows."""
        ...

    def stay(self) -> list[bpy.types.Object]:
        """Asked after a scene that went well: what Blender keeps, for people who are not made anew for every scene."""
        ...


_KINDS: dict[str, Callable[[CharacterSpec, int, Assets], Character]] = {
    "open": OpenCharacter,
    "humgen3d": HumGenCharacter,
}


def create_character(spec: CharacterSpec, number: int, assets: Assets) -> Character:
    """Begin a person.

    Args:
        spec: who.
        number: from 1; what the data pass calls this person.
        assets: where its files are.

    Raises:
        RecordError: if this worker can't make that kind.
        AssetMissing: if a file is not there.
    """
    if spec.kind not in _KINDS:
        raise RecordError(f"this worker can't make {spec.kind!r} characters; it makes {', '.join(_KINDS)}.")
    return _KINDS[spec.kind](spec, number, assets)
