"""One scene of a plan again, alone, with its .blend."""

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cuffs.annotate.annotate import Annotator, Refused
from cuffs.codec import encode
from cuffs.errors import ConfigError, WorkerDied
from cuffs.farm.blender_process import BlenderSettings, Outcome, blender
from cuffs.farm.lane import lease_lane
from cuffs.plan import Plan, read_chunk
from cuffs.publish import publish_file, write_bytes
from cuffs.records import SceneSpec
from cuffs.shards import iterate_samples, read_member

COMPARED = ("json", "mask.png", "jpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What replaying a scene came to."""

    refused: str | None
    """Cause, where the scene is one that a gate refuses."""

    identical: dict[str, bool]
    """By suffix: whether the bytes are those in the shard; empty where the shard has no such sample."""


def find_spec(folder: Path, plan: Plan, key: str) -> SceneSpec:
    """The scene of a key, spares included.

    Raises:
        ConfigError: if the plan has no such key.
    """
    try:
        chunk = int(key.split("_")[2]) // plan.chunk_size
    except (IndexError, ValueError):
        chunk = -1
    if 0 <= chunk < plan.num_chunks:
        for slot in read_chunk(folder, plan, chunk).slots:
            for spec in slot.specs:
                if spec.key == key:
                    return spec
    raise ConfigError(f"the plan in {folder} has no scene {key!r}. Keys are listed in shards/*.json.")


def replay(folder: Path, plan: Plan, key: str, *, out: Path, settings: BlenderSettings) -> Replayed:
    """Render and annotate a scene again; image, annotation, mask and .blend go to `out`.

    Raises:
        ConfigError: if there is no such scene.
        WorkerDied: if Blender could not make it; the message holds the end of its log.
    """
    spec = find_spec(folder, plan, key)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".replay-", dir=out) as name:
        scratch = Path(name)
        spec_path, capture = scratch / "spec.json", scratch / "capture"
        spec_path.write_text(json.dumps(encode(spec)))
        with (
            lease_lane(settings.device, settings.threads) as lane,
            blender(folder / "assets", settings, scratch / "log", lane) as process,
        ):
            process.submit(spec_path, capture, scratch / "scene.blend")
            outcome = process.wait(capture, beat=lambda: None)
            if outcome is not Outcome.PUBLISHED:
                process.require_usable()
                raise WorkerDied(f"{key}: Blender {outcome.value}.\n{process.log_tail()}")
        if (capture / "failure.json").exists():
            raise WorkerDied(f"{key}: {(capture / 'failure.json').read_text()}")
        with publish_file(out / f"{key}.blend") as blend:
            shutil.copyfile(scratch / "scene.blend", blend)
        write_bytes(out / f"{key}.spec.json", (json.dumps(encode(spec), indent=1) + "\n").encode())
        result = Annotator.load(folder, plan).annotate(spec, capture)
        if isinstance(result, Refused):
            shutil.copyfile(capture / "image.png", out / f"{key}.png")
            return Replayed(refused=result.cause, identical={})
    for suffix, data in result.files.items():
        write_bytes(out / f"{key}.{suffix}", data)
    return Replayed(refused=None, identical=_compare(folder, key, dict(result.files)))


def _compare(folder: Path, key: str, files: dict[str, bytes]) -> dict[str, bool]:
    if not any((folder / "shards").glob("shard-*.json")):
        return {}
    for tar_path, _, entry in iterate_samples(folder):
        if entry.key == key:
            return {suffix: read_member(tar_path, entry, suffix) == files[suffix] for suffix in COMPARED}
    return {}
