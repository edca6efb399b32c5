"""The four records that stages talk through: PoseSample, SceneSpec, Capture, Sample. Numpy alone."""

from cuffs.records.camera_spec import CameraSpec, DevelopSpec, ImageSpec
from cuffs.records.capture import Capture, CapturedFile, Timings
from cuffs.records.physical import PhysicalRecord
from cuffs.records.place_file import PlaceFile
from cuffs.records.place_spec import (
    LampSpec,
    LightSpec,
    OpeningSpec,
    PlaceSpec,
    PropSpec,
    RoomSpec,
    ThingSpec,
)
from cuffs.records.pose_sample import PoseOrigin, PoseSample, PoseValidity
from cuffs.records.sample import (
    BodyModelRef,
    CameraRecord,
    CharacterRecord,
    EffectsRecord,
    FitResidual,
    HandFlags,
    HandSizes,
    ImageRecord,
    PersonRecord,
    PoseSourceRecord,
    Provenance,
    ResidualStats,
    Sample,
    SmplxRecord,
)
from cuffs.records.scene_spec import (
    CharacterSpec,
    GarmentSpec,
    HairSpec,
    PersonSpec,
    RenderSpec,
    SceneSpec,
)
from cuffs.records.surface_spec import MaterialSpec

__all__ = [
    "BodyModelRef",
    "CameraRecord",
    "CameraSpec",
    "Capture",
    "CapturedFile",
    "CharacterRecord",
    "CharacterSpec",
    "DevelopSpec",
    "EffectsRecord",
    "FitResidual",
    "GarmentSpec",
    "HairSpec",
    "HandFlags",
    "HandSizes",
    "ImageRecord",
    "ImageSpec",
    "LampSpec",
    "LightSpec",
    "MaterialSpec",
    "OpeningSpec",
    "PersonRecord",
    "PersonSpec",
    "PhysicalRecord",
    "PlaceFile",
    "PlaceSpec",
    "PoseOrigin",
    "PoseSample",
    "PoseSourceRecord",
    "PoseValidity",
    "PropSpec",
    "Provenance",
    "RenderSpec",
    "ResidualStats",
    "RoomSpec",
    "Sample",
    "SceneSpec",
    "SmplxRecord",
    "ThingSpec",
    "Timings",
]
