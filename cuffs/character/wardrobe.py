"""What people wear, and their colours."""

import colorsys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cuffs.character.records import Identity, Topology
from cuffs.config import require_fraction, require_weights
from cuffs.records import CharacterSpec, GarmentSpec, HairSpec, MaterialSpec
from cuffs.records.scene_spec import Colour

SKINS: Mapping[str, tuple[Colour, Colour]] = {
    "african": ((0.045, 0.020, 0.012), (0.22, 0.105, 0.058)),
    "asian": ((0.32, 0.185, 0.115), (0.60, 0.40, 0.28)),
    "caucasian": ((0.38, 0.215, 0.150), (0.68, 0.46, 0.36)),
}
"""Linear RGB of the darkest and the lightest skin of each of anny's ancestries."""
