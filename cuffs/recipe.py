"""The recipe: one YAML file says what is drawn for every scene, how it is rendered and what is refused.

Every field here is a key of that file. Poses are described by `pose_sources`' own records and reach the sampler as a
function, because `cuffs` doesn't know its sources.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cuffs.character.face import FaceConfig
from cuffs.character.open_identity import IdentityConfig
from cuffs.character.wardrobe import WardrobeConfig
from cuffs.codec import encode
from cuffs.config import build, load_yaml, require_fraction
from cuffs.errors import ConfigError
from cuffs.humgen3d.config import HumGenConfig
from cuffs.records import ImageSpec, RenderSpec
from cuffs.scene.camera_config import CameraConfig
from cuffs.scene.effects_config import EffectsConfig
from cuffs.scene.gates import GatesConfig
from cuffs.scene.people import PeopleConfig
from cuffs.scene.place_config import LightConfig, PlaceConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitConfig:
    """Shares of the scenes by split; what remains is for training. Identities never appear in two splits."""

    val: float = 0.0
    test: float = 0.0

    def __post_init__(self) -> None:
        require_fraction("splits.val", self.val)
        require_fraction("splits.test", self.test)
        require_fraction("splits.val + splits.test", self.val + self.test)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """The whole of a recipe."""

    name: str
    """Appears in the card and in every sample's provenance, by its hash."""

    image: ImageSpec
    render: RenderSpec
    camera: CameraConfig
    poses: Mapping[str, Any]
    """Which poses: see the docstrings of `pose_sources`; checked when the plan is made."""

    people: PeopleConfig = field(default_factory=PeopleConfig)
    identities: IdentityConfig = field(default_factory=IdentityConfig)
    humgen3d: HumGenConfig | None = None
    """HumGen3D's humans instead of open characters; `identities`, `wardrobe` and `face` then say nothing."""

    num_identities: int = 200
    """How many different people there are. Each is fitted once, and shared by all its scenes."""

    wardrobe: WardrobeConfig = field(default_factory=WardrobeConfig)
    face: FaceConfig = field(default_factory=FaceConfig)
    place: PlaceConfig = field(default_factory=PlaceConfig)
    light: LightConfig = field(default_factory=LightConfig)
    effects: EffectsConfig = field(default_factory=EffectsConfig)
    gates: GatesConfig = field(default_factory=GatesConfig)
    splits: SplitConfig = field(default_factory=SplitConfig)
    scenes_per_look: int = 1
    """Consecutive scenes with the same people in the same clothes, in other poses and seen by other cameras: where
    people are costly to make, each is made once for all of them."""

    chunk_size: int = 100
    """Scenes in a shard: what a farm task renders and a retry repeats."""

    spares: int = 2
    """Further scenes drawn for each slot, for when the first is refused after rendering."""

    keep_verts: bool = False
    """Also store the carried target vertices (`KEY.verts.npz`), so that an audit can measure anew."""

    passes: tuple[Literal["depth_z", "normals", "parts"], ...] = ()
    """Also store truth by pixel (`KEY.passes.npz`): depth, normals, parts of bodies. Some hundred kilobytes each."""

    def __post_init__(self) -> None:
        for name in ("num_identities", "chunk_size", "scenes_per_look"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be 1 or more.")
        if self.spares < 0:
            raise ConfigError(f"spares is {self.spares}, but must be 0 or more.")


def load_recipe(path: Path) -> Recipe:
    """Read and check a recipe.

    Raises:
        ConfigError: naming the file and the key, with a suggestion for misspelt ones.
    """
    return build(Recipe, load_yaml(path), where=str(path))


def recipe_hash(recipe: Recipe) -> str:
    """Hash of all that the recipe says, defaults included: 16 hexadecimal digits."""
    text = json.dumps(encode(recipe), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
