"""SceneSpec: everything Blender needs to make one scene, resolved to values. Replays without the sources."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import numpy as np
from jaxtyping import Float

from cuffs.errors import RecordError
from cuffs.records.camera_spec import CameraSpec, DevelopSpec, ImageSpec
from cuffs.records.checks import (
    require_array,
    require_key,
    require_range,
    require_schema,
)
from cuffs.records.place_spec import LightSpec, PlaceSpec, PropSpec
from cuffs.records.pose_sample import PoseOrigin
from cuffs.records.surface_spec import Colour, MaterialSpec

Device = Literal["cpu", "optix", "cuda", "hip", "metal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GarmentSpec:
    """One garment of the character's topology file, and what it is made of."""

    name: str
    material: MaterialSpec
    ease_m: float = 0.0
    """How much wider than cut."""

    hang: float = 0.5
    """0 to 1: how far a shirt or jacket falls straight from chest, belly and back."""

    fullness: tuple[float, float] = (1.05, 1.03)
    """Length of its cloth along and around limbs, 1 being what lies smooth on the body at rest: more makes folds."""

    stiffness: float = 0.15
    """0 to 1: the more, the wider its folds."""

    seed: int = 0
    """Which folds."""

    def __post_init__(self) -> None:
        require_range("garment.ease_m", self.ease_m, 0.0, 0.2)
        require_range("garment.hang", self.hang, 0.0, 1.0)
        for fullness in self.fullness:
            require_range("garment.fullness", fullness, 0.8, 1.5)
        require_range("garment.stiffness", self.stiffness, 0.0, 1.0)
        require_range("garment.seed", self.seed, 0, 2**31)


@dataclass(frozen=True, slots=True, kw_only=True)
class HairSpec:
    """One hair of the character's topology file."""

    name: str
    material: MaterialSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class CharacterSpec:
    """Who is rendered, and in which clothes."""

    kind: Literal["open", "humgen3d"]
    identity: str
    """Name of the identity's file in the plan's assets."""

    topology: str
    """Name of the topology's file in the plan's assets."""

    skin: MaterialSpec
    eye_colour: Colour
    garments: tuple[GarmentSpec, ...] = ()
    hair: HairSpec | None = None
    fur: tuple[HairSpec, ...] = ()
    """Brows, lashes, a beard."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonSpec:
    """One person: a character, the pose asked of it, and where it stands."""

    character: CharacterSpec
    pose: Float[np.ndarray, "55 3"]
    """Requested joint rotations, axis-angle; row 0 in the scene's world (z up). The label is the fit, not this."""

    pelvis_world: Float[np.ndarray, "3"]
    """Where the character's own pelvis joint goes, metres."""

    face: Mapping[str, float] = field(default_factory=dict)
    """Weights of the character's facial actions, 0 to 1, jaw opening included."""

    body_source: PoseOrigin
    left_hand_source: PoseOrigin
    right_hand_source: PoseOrigin

    def __post_init__(self) -> None:
        require_array("person.pose", self.pose, 55, 3)
        require_array("person.pelvis_world", self.pelvis_world, 3)
        for name, weight in self.face.items():
            require_range(f"person.face.{name}", weight, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderSpec:
    """How the picture is rendered; whatever could change a pixel."""

    samples: int
    device: Device = "cpu"
    adaptive_threshold: float = 0.02
    denoise: bool = True
    view_transform: Literal["Standard", "AgX", "Filmic"] = "Standard"
    exposure_ev: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        require_range("render.samples", self.samples, 1, 65536)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SceneSpec:
    """One scene, one attempt: a pure function of (recipe, poses, seed, slot, attempt), resolved to values."""

    SCHEMA: ClassVar[str] = "cuffs-scene/2"

    key: str
    recipe_hash: str
    seed: int
    slot: int
    attempt: int
    chunk: int
    split: Literal["train", "val", "test"] = "train"
    image: ImageSpec
    camera: CameraSpec
    people: tuple[PersonSpec, ...]
    place: PlaceSpec
    light: LightSpec
    props: tuple[PropSpec, ...] = ()
    render: RenderSpec
    develop: DevelopSpec | None = None
    """None: pixels as Blender's own view transform gives them."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_key(self.key)
        if not 1 <= len(self.people) <= 250:  # the mask is 8 bits, 0 is background
            raise RecordError(f"a scene holds 1 to 250 people, found {len(self.people)}.")
        for name in ("seed", "slot", "attempt", "chunk"):
            require_range(name, getattr(self, name), 0, 2**62)
