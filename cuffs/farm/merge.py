"""Partial runs of one plan, put together: what machines without a common disk made."""

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cuffs.errors import ConfigError, RecordError
from cuffs.farm.pack import pack_if_finished
from cuffs.farm.workspace import Workspace
from cuffs.plan import Plan, read_plan
from cuffs.plan.records import plan_path
from cuffs.publish import explained, publish_file, publish_folder
from cuffs.shards import read_member
from cuffs.shards.store import ShardStore
from cuffs.shards.verify import is_tar_whole

logger = logging.getLogger(__name__)

LABELS = ("json", "mask.png")
"""What two runs of one plan must agree on, on any processor; pictures may differ in their last bits."""

LOGS = ("telemetry", "failures", "quarantine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """What a merge came to."""

    slots: int
    """With a result, out of the plan's."""

    shards: int
    missing: tuple[int, ...]
    """Chunks that no part has whole."""


def merge_runs(parts: Sequence[Path], out: Path) -> Merged:
    """Put finished shards and finished slots of several runs of one plan into one folder. The parts stay as they are.

    Safe to repeat, also with further parts: what is there is kept. Chunks whose slots were made in different runs are
    packed when they are complete.

    Args:
        parts: folders, each with the plan.
        out: the folder that gets all of it; may be new, or hold the plan already.

    Raises:
        ConfigError: if they aren't runs of one plan.
        RecordError: if a part's shard is damaged, or two runs disagree about the labels of a sample.
        OutputError: if the disk is full or not writable.
    """
    plan = _one_plan([*parts, *([out] if plan_path(out).exists() else [])])
    _copy_plan(plan, parts[0], out)
    target = ShardStore(out)
    for part in parts:
        if part.resolve() == out.resolve():
            continue
        for chunk in range(plan.num_chunks):
            _merge_chunk(plan, part, Workspace(out, chunk, target))
        for name in LOGS:
            _merge_logs(part / name, out / name)
    workspaces = [Workspace(out, chunk, target) for chunk in range(plan.num_chunks)]
    for workspace in workspaces:
        if workspace.folder.exists() and not workspace.is_packed():
            pack_if_finished(plan, workspace)
    packed = [workspace for workspace in workspaces if workspace.is_packed()]
    slots = sum(len(plan.slots(workspace.chunk)) for workspace in packed)
    missing = [workspace for workspace in workspaces if workspace not in packed]
    return Merged(
        slots=slots + sum(len(workspace.finished_slots()) for workspace in missing),
        shards=len(packed),
        missing=tuple(workspace.chunk for workspace in missing),
    )


def _one_plan(folders: Sequence[Path]) -> Plan:
    if not folders:
        raise ConfigError("nothing to merge: name the folders of one or more partial runs.")
    plans = {folder: read_plan(folder) for folder in folders}
    first = plans[folders[0]]
    for folder, plan in plans.items():
        if plan.hash() != first.hash():
            raise ConfigError(
                f"{folder} holds plan {plan.hash()} and {folders[0]} plan {first.hash()}. Only runs of one plan can be "
                "merged; other datasets are trained on side by side."
            )
    return first


def _copy_plan(plan: Plan, part: Path, out: Path) -> None:
    """The plan's files, `plan.json` last: without it the folder is no plan yet."""
    with explained(out):
        out.mkdir(parents=True, exist_ok=True)
        for name in [*plan.files, plan_path(part).name]:
            target = out / name
            if target.resolve().parent != target.parent.resolve() or ".." in Path(name).parts:
                raise RecordError(f"{plan_path(part)} names the file {name!r} outside of its folder.")
            if not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                _copy(part / name, target)


def _merge_chunk(plan: Plan, part: Path, target: Workspace) -> None:
    source = Workspace(part, target.chunk, ShardStore(part))
    if source.is_packed():
        _merge_shard(plan, source, target)
    elif not target.is_packed():
        _merge_slots(plan, source, target)


def _merge_shard(plan: Plan, source: Workspace, target: Workspace) -> None:
    tar_path, index = source.store.tar_path(source.chunk), source.index()
    if index.plan_hash != plan.hash() or not is_tar_whole(tar_path, index):
        raise RecordError(f"{tar_path} is damaged or of another plan. Run `cuffs verify {source.plan_folder}`.")
    if target.is_packed():
        _require_agreement(source, target)
        return
    final = target.store.tar_path(target.chunk)
    with explained(final):
        final.parent.mkdir(exist_ok=True)
        _copy(tar_path, final)
        _copy(tar_path.with_suffix(".json"), final.with_suffix(".json"))
    target.remove()


def _require_agreement(source: Workspace, target: Workspace) -> None:
    """The same chunk twice: labels must be the same bytes, or the two machines can't belong to one dataset."""
    ours, theirs = source.index(), target.index()
    if ours.sha256 == theirs.sha256:
        return
    theirs_by_key = {sample.key: sample for sample in theirs.samples}
    for sample in ours.samples:
        other = theirs_by_key.get(sample.key)
        if other is None:
            raise RecordError(f"{_tar(source)} has the sample {sample.key}, {_tar(target)} has another in its slot.")
        for suffix in LABELS:
            if read_member(_tar(source), sample, suffix) != read_member(_tar(target), other, suffix):
                raise RecordError(
                    f"{sample.key}.{suffix} differs between {_tar(source)} and {_tar(target)}: the two machines do not "
                    "make the same labels. Compare their versions in telemetry/, and leave one of them out."
                )
    logger.info("chunk %d is in several parts; pictures differ in their last bits, the first is kept", source.chunk)


def _merge_slots(plan: Plan, source: Workspace, target: Workspace) -> None:
    """Finished slots of an unfinished chunk; damaged ones are left behind."""
    if not source.folder.exists():
        return
    target.create()
    for slot in source.results(plan, remove_damaged=False):
        if not target.slot_folder(slot).exists():
            with publish_folder(target.slot_folder(slot)) as scratch:
                for path in source.slot_folder(slot).iterdir():
                    shutil.copyfile(path, scratch / path.name)


def _merge_logs(source: Path, target: Path) -> None:
    """Lines and files of a run's logs; files of one name are joined, without repeating lines."""
    for path in sorted(source.glob("*")):
        if not path.is_file():
            continue
        final = target / path.name
        with explained(final):
            target.mkdir(exist_ok=True)
            known = final.read_bytes().splitlines(keepends=True) if final.exists() else []
            new = [line for line in path.read_bytes().splitlines(keepends=True) if line not in set(known)]
            if new:
                with publish_file(final) as scratch:
                    scratch.write_bytes(b"".join([*known, *new]))


def _copy(source: Path, target: Path) -> None:
    with publish_file(target) as scratch:
        shutil.copyfile(source, scratch)


def _tar(workspace: Workspace) -> Path:
    return workspace.store.tar_path(workspace.chunk)
