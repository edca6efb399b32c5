"""The index beside each shard: what it holds, byte offsets included, and what it lacks and why."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.records.checks import require_key, require_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardMember:
    """One file in the tar."""

    suffix: str
    """jpg, json, mask.png, verts.npz, passes.npz"""

    offset: int
    """Where the file's bytes start in the tar."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardSample:
    """One sample: its members lie next to each other."""

    key: str
    slot: int
    attempt: int
    people: int
    members: tuple[ShardMember, ...]
    split: Literal["train", "val", "test"] | None = None
    """As in the annotation, so that training can choose without reading all; null where an older program wrote it."""

    def __post_init__(self) -> None:
        require_key(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A scene that was refused, and why. Rejection is data."""

    slot: int
    attempt: int
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardIndex:
    """`shard-000000.json`."""

    SCHEMA: ClassVar[str] = "cuffs-shard/1"

    chunk: int
    plan_hash: str
    sample_schema: str
    count: int
    size: int
    sha256: str
    """Of the tar."""

    samples: tuple[ShardSample, ...]
    rejections: tuple[Rejection, ...]
    """Refused after rendering; the plan's chunk lists those refused before."""

    exhausted: tuple[int, ...]
    """Slots whose spares were all refused."""

    quarantined: tuple[Rejection, ...]
    """Scenes that could not be rendered at all."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)
        if self.count != len(self.samples):
            raise RecordError(f"the index counts {self.count} samples but lists {len(self.samples)}.")


def read_index(path: Path) -> ShardIndex:
    """Read a shard's index.

    Raises:
        RecordError: naming the file, if it is missing, damaged or of another version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RecordError(f"{path} is not there.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as problem:
        raise RecordError(
            f"{path} is not whole JSON ({problem}). Remove the shard and render its chunk again."
        ) from None
    return decode(ShardIndex, data, where=str(path))
