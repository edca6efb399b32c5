"""Procedural surfaces, by the kind that a MaterialSpec names."""

from collections.abc import Callable

import bpy

from blender_scripts.materials.body import backdrop_material, plain_material
from blender_scripts.materials.cloth import fabric_material
from blender_scripts.materials.floor import floor_material
from blender_scripts.materials.hair import hair_material
from blender_scripts.materials.shoe import shoe_material
from blender_scripts.materials.skin import skin_material
from cuffs.errors import RecordError
from cuffs.records import MaterialSpec

_BUILDERS: dict[str, Callable[[str, MaterialSpec], bpy.types.Material]] = {
    "skin": skin_material,
    "fabric": fabric_material,
    "hair": hair_material,
    "shoe": shoe_material,
    "floor": floor_material,
    "plain": plain_material,
    "backdrop": backdrop_material,
}

MATERIAL_KINDS = tuple(sorted(_BUILDERS))


def make_material(name: str, spec: MaterialSpec) -> bpy.types.Material:
    """The surface that a spec describes.

    Raises:
        RecordError: if there is no such kind or pattern.
    """
    if spec.kind not in _BUILDERS:
        raise RecordError(f"there is no material {spec.kind!r}; there are {', '.join(MATERIAL_KINDS)}.")
    return _BUILDERS[spec.kind](name, spec)


__all__ = ["MATERIAL_KINDS", "make_material"]
