"""Characters: what gets rendered. This package's names need numpy alone; building open ones needs anny."""

from cuffs.character.open_topology import load_or_build_topology
from cuffs.character.pose_bones import global_rotations, pose_bones, skin_vertices, with_face
from cuffs.character.records import Identity, Part, Topology

__all__ = [
    "Identity",
    "Part",
    "Topology",
    "global_rotations",
    "load_or_build_topology",
    "pose_bones",
    "skin_vertices",
    "with_face",
]
