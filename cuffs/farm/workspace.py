"""Where a chunk's unfinished work lies, and the record of each finished slot."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from cuffs.codec import decode
from cuffs.errors import RecordError
from cuffs.plan import Plan
from cuffs.publish import explained
from cuffs.records.checks import require_schema
from cuffs.shards import Rejection, SampleFiles, ShardContent


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotResult:
    """`slot.json` in a finished slot's folder."""

    SCHEMA: ClassVar[str] = "cuffs-slot/1"

    slot: int
    status: Literal["done", "exhausted", "quarantined"]
    key: str | None
    attempt: int | None
    people: int
    files: Mapping[str, str]
    """Name within the folder, by suffix."""

    rejections: tuple[Rejection, ...]
    """Refused after rendering; for a quarantined slot the last one says why it could not be rendered."""

    schema: str = SCHEMA

    def __post_init__(self) -> None:
        require_schema(self.schema, self.SCHEMA)


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folder of one chunk's unfinished work, within the plan's folder."""

    plan_folder: Path
    chunk: int

    @property
    def folder(self) -> Path:
        """Everything of the chunk."""
        return self.plan_folder / "work" / f"chunk-{self.chunk:06d}"

    def slot_folder(self, slot: int) -> Path:
        """A finished slot."""
        return self.folder / f"slot-{slot:09d}"

    @property
    def shard_path(self) -> Path:
        """Where the chunk ends up."""
        return self.plan_folder / "shards" / f"shard-{self.chunk:06d}.tar"

    def is_packed(self) -> bool:
        """Whether the shard is finished: it has its index, which is written last."""
        return self.shard_path.exists() and self.shard_path.with_suffix(".json").exists()

    def create(self) -> None:
        """Make the folders.

        Raises:
            OutputError: if they can't be made.
        """
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            self.shard_path.parent.mkdir(exist_ok=True)

    def remove(self) -> None:
        """Drop what is left of a packed chunk. A process that outlived its run may still be writing here; it fails."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def finished(self, plan: Plan) -> dict[int, SlotResult]:
        """Results of the slots that are finished. Damaged ones are removed, so that they are made again."""
        found = {}
        for slot in plan.slots(self.chunk):
            path = self.slot_folder(slot) / "slot.json"
            if not path.exists():
                continue
            try:
                found[slot] = decode(SlotResult, json.loads(path.read_text()), where=str(path))
            except (RecordError, json.JSONDecodeError, UnicodeDecodeError):
                shutil.rmtree(path.parent)
        return found

    def content(self, plan: Plan, results: Mapping[int, SlotResult]) -> ShardContent:
        """The shard that finished slots make."""
        ordered = [results[slot] for slot in plan.slots(self.chunk)]
        return ShardContent(
            chunk=self.chunk,
            plan_hash=plan.hash(),
            samples=[self._sample_files(result) for result in ordered if result.status == "done"],
            rejections=[r for result in ordered for r in result.rejections if result.status != "quarantined"],
            exhausted=[result.slot for result in ordered if result.status == "exhausted"],
            quarantined=[result.rejections[-1] for result in ordered if result.status == "quarantined"],
        )

    def _sample_files(self, result: SlotResult) -> SampleFiles:
        assert result.key is not None
        assert result.attempt is not None
        folder = self.slot_folder(result.slot)
        return SampleFiles(
            key=result.key,
            slot=result.slot,
            attempt=result.attempt,
            people=result.people,
            files={suffix: folder / Path(name).name for suffix, name in result.files.items()},
        )
