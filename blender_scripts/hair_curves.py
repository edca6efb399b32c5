"""Hair as curves, which pictures show, beside the surfaces that masks and depth are taken from."""

import bpy
import numpy as np
from jaxtyping import Float

Array = np.ndarray

PICTURE_ONLY, DATA_ONLY = "picture only", "data only"
"""Custom properties of objects that one of the two passes leaves out."""


def add_hair_curves(
    name: str, strands: Float[Array, "strands points 3"], *, root_m: float, tip_m: float, number: int
) -> bpy.types.Object:
    """Strands as one object, linked to the scene; the data pass leaves it out.

    Args:
        name: of the object.
        strands: metres, from root to tip.
        root_m: radius at the root.
        tip_m: radius at the tip.
        number: of the person.
    """
    count, points, _ = strands.shape
    curves = bpy.data.hair_curves.new(name)
    curves.add_curves([points] * count)
    curves.attributes["position"].data.foreach_set("vector", np.ascontiguousarray(strands, np.float32).ravel())
    radius = curves.attributes.get("radius") or curves.attributes.new("radius", "FLOAT", "POINT")
    share = np.linspace(0, 1, points, dtype=np.float32)
    radius.data.foreach_set("value", np.tile(root_m + (tip_m - root_m) * share**2, count).astype(np.float32))
    thing = bpy.data.objects.new(name, curves)
    thing.pass_index = number
    thing[PICTURE_ONLY] = True
    bpy.context.scene.collection.objects.link(thing)
    return thing


def for_data_only(thing: bpy.types.Object) -> None:
    """Leave an object out of pictures; the data pass shows it."""
    thing[DATA_ONLY] = True
    thing.hide_render = True


def show_for_data() -> None:
    """Swap what the picture shows for what the data pass shows."""
    for thing in bpy.context.scene.objects:
        if PICTURE_ONLY in thing:
            thing.hide_render = True
        elif DATA_ONLY in thing:
            thing.hide_render = False
