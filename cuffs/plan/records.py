"""The plan's own files: `plan.json` and one file of scenes a chunk."""

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from cuffs.codec import decode, encode
from cuffs.errors import RecordError
from cuffs.publish import write_bytes
from cuffs.records import SceneSpec
from cuffs.records.checks import require_range, require_schema
from cuffs.shards import Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`plan.json`: what the run is, and the hash of every file that belongs to it."""

    SCHEMA: ClassVar[str] = "cuffs-plan/1"

    name: str
    recipe_hash: str
    seed: int
    count: int
    """Slots: how many samples there will be, if none runs out of spares."""

    chunk_size: int
    body_name: str
    body_sha256: str
    files: Mapping[str, str]
    """sha256 of each file, by its path within the plan's folder: recipe, body, tables, characters, scenes."""

    versions: Mapping[str, str]
    licences: tuple[str, ...]
    refused: Mapping[str, int] = field(default_factory=dict)
    """How many attempts and poses were refused while planning, by cause; poses as `pose: finger_finger`."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        require_range("count", self.count, 1, 10**9)
        require_range("chunk_size", self.chunk_size, 1, 10**6)

    @property
    def num_chunks(self) -> int:
        """How many shards there will be."""
        return -(-self.count // self.chunk_size)

    def slots(self, chunk: int) -> range:
        """The slots of a chunk."""
        return range(chunk * self.chunk_size, min((chunk + 1) * self.chunk_size, self.count))

    def hash(self) -> str:
        """Of everything the plan says, files included; 16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(encode(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSlot:
    """One place in the dataset, with the scenes that may fill it, in the order they are tried."""

    slot: int
    specs: tuple[SceneSpec, ...]
    rejections: tuple[Rejection, ...]
    """Attempts refused while planning."""

    refused_poses: Mapping[str, int] = field(default_factory=dict)
    """Poses that their sources refused for these attempts, and drew others for, by cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkPlan:
    """The scenes of one chunk."""

    SCHEMA: ClassVar[str] = "cuffs-chunk/1"

    chunk: int
    slots: tuple[PlannedSlot, ...]
    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)


def plan_path(folder: Path) -> Path:
    """Where a plan's own record lies."""
    return folder / "plan.json"


def body_path(folder: Path, plan: Plan) -> Path:
    """The plan's body model."""
    return folder / next(name for name in plan.files if name.startswith("assets/body/"))


def is_rendered(plan: Plan) -> bool:
    """Whether there are scenes to render; an imported dataset's plan has none."""
    return any(name.startswith("chunks/") for name in plan.files)


def chunk_name(chunk: int) -> str:
    """Path of a chunk's scenes within the plan's folder."""
    return f"chunks/chunk-{chunk:06d}.json.gz"


def read_plan(folder: Path) -> Plan:
    """Read a plan.

    Raises:
        RecordError: if there is none, or it is damaged or of another version.
    """
    path = plan_path(folder)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RecordError(
            f"{folder} holds no plan (no plan.json). Make one with `cuffs plan RECIPE --out {folder}`."
        ) from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise RecordError(f"{path} is damaged ({problem}). Make the plan again; finished shards stay.") from None
    return decode(Plan, data, where=str(path))


def write_chunk(folder: Path, chunk: ChunkPlan) -> str:
    """Write a chunk's scenes and return their sha256. Same scenes, same bytes.

    Raises:
        OutputError: if the disk is full or not writable.
    """
    text = json.dumps(encode(chunk), separators=(",", ":"))
    data = gzip.compress(text.encode(), compresslevel=6, mtime=0)
    write_bytes(folder / chunk_name(chunk.chunk), data)
    return hashlib.sha256(data).hexdigest()


def read_chunk(folder: Path, plan: Plan, chunk: int) -> ChunkPlan:
    """Read a chunk's scenes, checked against the plan's hash.

    Raises:
        RecordError: if the file is missing, or not the one that the plan names.
    """
    path = folder / chunk_name(chunk)
    data = read_planned_file(folder, plan, chunk_name(chunk))
    try:
        return decode(ChunkPlan, json.loads(gzip.decompress(data)), where=str(path))
    except (OSError, EOFError, zlib.error, json.JSONDecodeError) as problem:
        raise RecordError(f"{path} can't be read ({problem}). Make the plan again; finished shards stay.") from None


def read_planned_file(folder: Path, plan: Plan, name: str) -> bytes:
    """The bytes of a file that the plan names.

    Raises:
        RecordError: if it is missing or has changed since the plan was made.
    """
    path = folder / name
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise RecordError(f"{path} is missing from the plan. Copy the whole folder, or make the plan again.") from None
    if hashlib.sha256(data).hexdigest() != plan.files.get(name):
        raise RecordError(f"{path} is not the file that the plan was made with. Copy it again, or make the plan again.")
    return data
