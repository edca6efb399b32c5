"""Capture: what Blender's worker publishes for one scene, before anything is fitted."""

from dataclasses import dataclass
from typing import ClassVar

from cuffs.errors import RecordError
from cuffs.records.checks import require_key, require_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturedFile:
    """One file of the capture's folder."""

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        if "/" in self.name or self.name.startswith("."):
            raise RecordError(f"a captured file is a plain name, found {self.name!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds by part, wall clock where not said otherwise. Telemetry: never part of an annotation."""

    setup_s: float
    render_s: float
    """The picture and the data pass together."""

    readout_s: float
    max_rss_mb: float
    cpu_s: float | None = None
    """Processor time of the whole scene, all threads: what another load on the machine does not change much."""

    render_cpu_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """What lies in a published capture folder beside this record (`capture.json`).

    Files:
        image.png: the picture, 8-bit RGB.
        data.npz: from the 1-sample pass: `person` uint8 (height, width), 0 background, i + 1 for person i;
            `depth_z` float32 (height, width), metres along the optical axis, 0 where nothing was hit;
            `limb` uint8 (height, width), `skeleton.LIMBS` number + 1, 0 where nobody is.
        person_0.npz, …: `body_world` float32 (verts, 3), the evaluated body mesh with clothes' masks off, in the
            topology file's vertex order; `shell_world` float32 (shell verts, 3) and `shell_faces` int32 (faces, 3),
            everything of this person that the picture shows (masked skin and eyes, hair, then clothes from the skin
            outwards), triangulated; `shell_counts` int32 (pieces,), how many of its vertices each of these has.
    """

    SCHEMA: ClassVar[str] = "cuffs-capture/1"

    key: str
    spec_sha256: str
    """Of the SceneSpec's JSON as the worker was given it."""

    num_people: int
    files: tuple[CapturedFile, ...]
    timings: Timings
    device: str
    """The device that rendered, as Cycles reports it."""

    blender: str
    """Version of bpy."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_key(self.key)
