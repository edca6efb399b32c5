"""Ground and surroundings within reach, by the kind of place."""

from blender_scripts.places.build import add_place

__all__ = ["add_place"]
