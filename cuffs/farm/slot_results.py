"""Publishing what a slot came to: a folder that is there whole or not at all, each file with its hash."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from cuffs.codec import encode
from cuffs.farm.workspace import SlotFile, SlotResult, Workspace
from cuffs.publish import publish_folder
from cuffs.records import SceneSpec
from cuffs.shards import Rejection


def publish_done(
    workspace: Workspace, spec: SceneSpec, files: Mapping[str, bytes], rejections: Sequence[Rejection]
) -> None:
    """Publish a finished sample.

    Args:
        workspace: of the spec's chunk.
        spec: the scene.
        files: contents by suffix.
        rejections: of the slot's earlier attempts.

    Raises:
        OutputError: if the disk is full or not writable.
    """
    with publish_folder(workspace.slot_folder(spec.slot)) as scratch:
        listed = {}
        for suffix, data in files.items():
            name = f"{spec.key}.{suffix}"
            (scratch / name).write_bytes(data)
            listed[suffix] = SlotFile(name=name, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        result = SlotResult(
            slot=spec.slot,
            status="done",
            key=spec.key,
            attempt=spec.attempt,
            people=len(spec.people),
            files=listed,
            rejections=tuple(rejections),
        )
        _write(scratch, result)


def publish_without_sample(
    workspace: Workspace, slot: int, status: Literal["exhausted", "quarantined"], rejections: Sequence[Rejection]
) -> None:
    """Publish that a slot has no sample, and why.

    Raises:
        OutputError: if the disk is full or not writable.
    """
    result = SlotResult(
        slot=slot, status=status, key=None, attempt=None, people=0, files={}, rejections=tuple(rejections)
    )
    with publish_folder(workspace.slot_folder(slot)) as scratch:
        _write(scratch, result)


def _write(folder: Path, result: SlotResult) -> None:
    (folder / "slot.json").write_text(json.dumps(encode(result)))
