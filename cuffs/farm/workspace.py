"""Where a chunk's unfinished work lies, and the record of each finished slot."""

import hashlib
import json
import logging
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
from cuffs.shards import Rejection, SampleFiles, ShardContent, ShardIndex
from cuffs.shards.store import ShardStore

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFile:
    """One file of a finished sample."""

    name: str
    """Within the slot's folder."""

    size: int
    sha256: str

    def __post_init__(self) -> None:
        if Path(self.name).name != self.name:
            raise RecordError(f"a sample's file is a plain name, found {self.name!r}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotResult:
    """`slot.json` in a finished slot's folder."""

    SCHEMA: ClassVar[str] = "cuffs-slot/2"

    slot: int
    status: Literal["done", "exhausted", "quarantined"]
    key: str | None
    attempt: int | None
    people: int
    files: Mapping[str, SlotFile]
    """By suffix."""

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
    store: ShardStore

    @property
    def folder(self) -> Path:
        """Everything of the chunk."""
        return self.plan_folder / "work" / f"chunk-{self.chunk:06d}"

    def slot_folder(self, slot: int) -> Path:
        """A finished slot."""
        return self.folder / f"slot-{slot:09d}"

    def is_packed(self) -> bool:
        """Whether the shard is finished."""
        return self.store.is_finished(self.chunk)

    def index(self) -> ShardIndex:
        """What the finished shard holds.

        Raises:
            RecordError: if it isn't there or is damaged.
        """
        return self.store.index(self.chunk)

    def create(self) -> None:
        """Make the folder.

        Raises:
            OutputError: if they can't be made.
        """
        with explained(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)

    def remove(self) -> None:
        """Drop what is left of a packed chunk. A process that outlived its run may still be writing here; it fails.

        The folder goes last: as long as it is there, the next run looks for what a killed one left.
        """
        self.store.remove_scratch(self.chunk)
        shutil.rmtree(self.folder, ignore_errors=True)

    def finished_slots(self) -> set[int]:
        """Numbers of the slots that are finished, by their folders' names alone."""
        return {int(path.name.removeprefix("slot-")) for path in self.folder.glob("slot-*")}

    def results(self, plan: Plan, *, remove_damaged: bool = True) -> dict[int, SlotResult]:
        """Results of the finished slots, every file held against its hash; damaged ones (a bad disk) are left out.

        Args:
            plan: the chunk's.
            remove_damaged: remove those, so that they are made again.
        """
        found = {}
        for slot in sorted(self.finished_slots() & set(plan.slots(self.chunk))):
            folder = self.slot_folder(slot)
            try:
                path = folder / "slot.json"
                result = decode(SlotResult, json.loads(path.read_text()), where=str(path))
                _require_whole(folder, result)
            except (RecordError, json.JSONDecodeError, UnicodeDecodeError, FileNotFoundError) as problem:
                logger.warning("slot %d is damaged and has to be made again: %s", slot, problem)
                if remove_damaged:
                    shutil.rmtree(folder, ignore_errors=True)
            else:
                found[slot] = result
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
            files={suffix: folder / file.name for suffix, file in result.files.items()},
        )


def _require_whole(folder: Path, result: SlotResult) -> None:
    for file in result.files.values():
        with (folder / file.name).open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                raise RecordError(f"{folder / file.name} is not what was written.")
