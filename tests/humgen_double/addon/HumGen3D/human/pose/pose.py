"""Posing is left to the caller. The version below is what `cuffs doctor` looks for."""

KNOWN_BLENDER = (5, 0, 0)
