"""Furniture and scenery, each a mesh of few faces built from its spec."""

from blender_scripts.things.build import THING_KINDS, add_things

__all__ = ["THING_KINDS", "add_things"]
