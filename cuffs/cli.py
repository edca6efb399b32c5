"""The `cuffs` command: the one place where pose sources, planner, farm and reports are put together."""

import importlib.metadata
import importlib.util
import json
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import tyro

from cuffs.assets.dressing import dressed_topology, textures_of
from cuffs.audit.run import body_of, plan_of
from cuffs.bench import report, table
from cuffs.body import find_body_model, load_body_model
from cuffs.cli_assets import add_command, list_command
from cuffs.cli_audit import audit_command, diff_command
from cuffs.cli_data import export_command, view_command
from cuffs.cli_farm import How, Who, new_progress, render_command
from cuffs.cli_humgen3d import correspond_command, doctor_humgen3d
from cuffs.cli_import import import_command
from cuffs.cli_run import estimate_command, merge_command, status_command
from cuffs.cli_show import features_command, show_command
from cuffs.cli_sources import check_command, index_command
from cuffs.cli_templates import container_command, dask_command, openjd_command, slurm_command
from cuffs.codec import encode
from cuffs.doctor import examine
from cuffs.errors import CheckFailed, CuffsError, UnavailableError
from cuffs.farm.blender_process import BlenderSettings
from cuffs.farm.render import RenderJob, render_plan
from cuffs.farm.telemetry import read_telemetry
from cuffs.humgen3d.cast import humgen_cast
from cuffs.places import assets_folder, cache_folder
from cuffs.plan import Plan, read_plan
from cuffs.plan.cast import open_cast
from cuffs.plan.make import PlanRequest, make_plan
from cuffs.publish import write_bytes
from cuffs.recipe import Recipe, load_recipe
from cuffs.records.scene_spec import Device
from cuffs.replay import replay as replay_scene
from cuffs.report.card import write_card
from cuffs.report.sheet import write_pictures, write_sheet
from cuffs.scene.people import PoseDraw
from cuffs.scene.sampler import PoseSource
from cuffs.shards import iterate_samples
from cuffs.shards.deep import verify_deeply
from cuffs.shards.verify import verify_dataset
from pose_sources import Poses, body_at_hand, open_poses, poses_config, rest_shapes

app = tyro.extras.SubcommandApp()
poses_app = tyro.extras.SubcommandApp()
poses_app.command(name="show")(show_command)
poses_app.command(name="features")(features_command)
poses_app.command(name="index")(index_command)
poses_app.command(name="check")(check_command)
app.command(name="render")(render_command)
app.command(name="status")(status_command)
app.command(name="estimate")(estimate_command)
app.command(name="merge")(merge_command)
app.command(name="audit")(audit_command)
app.command(name="correspond")(correspond_command)
app.command(name="diff")(diff_command)
app.command(name="export")(export_command)
app.command(name="view")(view_command)
app.command(name="import")(import_command)
assets_app = tyro.extras.SubcommandApp()
assets_app.command(name="add")(add_command)
assets_app.command(name="list")(list_command)
farm_app = tyro.extras.SubcommandApp()
farm_app.command(name="slurm")(slurm_command)
farm_app.command(name="openjd")(openjd_command)
farm_app.command(name="dask")(dask_command)
farm_app.command(name="container")(container_command)
app.command(farm_app, name="farm", help="Jobs for farm managers, printed with limits that were measured.")
app.command(assets_app, name="assets", help="Clothes of MakeHuman's community that characters may wear.")
app.command(poses_app, name="poses", help="Sources of poses: what they hold, and what a recipe makes of them.")

RecipePath = Annotated[Path, tyro.conf.Positional]
Folder = Annotated[Path, tyro.conf.Positional]
Key = Annotated[str, tyro.conf.Positional]


@app.command(name="plan")
def plan_command(recipe: RecipePath, count: int, out: Path, seed: int = 0) -> None:
    """Draw every scene of a run, and put all that render nodes need into one folder. Nothing is rendered yet.

    Args:
        recipe: A file from render_configs/, or one of your own.
        count: How many samples there shall be.
        out: The plan's folder.
        seed: Another seed gives other scenes.
    """
    made = _plan(load_recipe(recipe), recipe.parent, count=count, seed=seed, out=out)
    _say_refused(made)
    print(f"{made.count} slots in {made.num_chunks} chunks. Next: cuffs render {out}")


@app.command(name="make")
def make_command(
    recipe: RecipePath, count: int, out: Path, seed: int = 0, workers: int = 1, device: Device = "cpu"
) -> None:
    """Plan, render and verify in one go.

    Args:
        recipe: A file from render_configs/, or one of your own.
        count: How many samples there shall be.
        out: The dataset's folder.
        seed: Another seed gives other scenes.
        workers: Blender processes at a time.
        device: What Cycles renders with.
    """
    _say_refused(_plan(load_recipe(recipe), recipe.parent, count=count, seed=seed, out=out))
    render_command(out, who=Who(workers=workers), how=How(device=device))
    verify_command(out)
    card_command(out)


@app.command(name="card")
def card_command(folder: Folder) -> None:
    """Write DIR/CARD.md: what the dataset is, how varied it is, the last audit's verdict, its licences.

    Args:
        folder: The dataset's folder.
    """
    print(f"card: {write_card(folder, plan_of(folder))}")


@app.command(name="verify")
def verify_command(folder: Folder, deep: bool = False) -> None:
    """Check a dataset: every byte, every sample, every slot accounted for.

    Args:
        folder: The dataset's folder.
        deep: Also hold every file against its hash, every sample against its planned scene and its labels against
            each other: minutes instead of seconds.
    """
    plan = read_plan(folder)
    problems = list(verify_deeply(folder, plan) if deep else verify_dataset(folder, plan))
    for problem in problems:
        print(f"{problem.where}: {problem.what}")
    if problems:
        raise CheckFailed(f"{len(problems)} problems in {folder}.")
    print(f"{folder} is whole: {sum(1 for _ in iterate_samples(folder))} samples.")


@app.command(name="sheet")
def sheet_command(
    folder: Folder,
    out: Path | None = None,
    count: int = 24,
    columns: int | None = None,
    pictures: Annotated[bool, tyro.conf.FlagCreatePairsOff] = False,
) -> None:
    """Draw a contact sheet: image | labelled body over it | joints, or photographs alone.

    Args:
        folder: The dataset's folder.
        out: The PNG; DIR/sheet.png if not given.
        count: How many samples, taken evenly from the whole.
        columns: Samples side by side; 2, and 8 photographs.
        pictures: Photographs alone, the first ones, nobody twice.
    """
    plan = plan_of(folder)
    entries = [(tar_path, entry) for tar_path, _, entry in iterate_samples(folder)]
    path = out or folder / "sheet.png"
    if pictures:
        shown = write_pictures(path, entries, count=count, columns=columns or 8)
        print(f"sheet of {shown} people's pictures: {path}")
        return
    step = max(1, len(entries) // max(1, count))
    write_sheet(path, entries[::step][:count], load_body_model(body_of(folder, plan)), columns=columns or 2)
    print(f"sheet: {path}")


@app.command(name="replay")
def replay_command(folder: Folder, key: Key, out: Path | None = None, device: Device = "cpu") -> None:
    """Make one scene again, alone, with its .blend, and compare it with the shard's.

    Args:
        folder: The dataset's folder.
        key: The sample's key; a refused spare's works too.
        out: Where the files go; DIR/replay if not given.
        device: What Cycles renders with.
    """
    target = out or folder / "replay"
    result = replay_scene(folder, read_plan(folder), key, out=target, settings=BlenderSettings(device=device))
    if result.refused:
        print(f"{key} is refused: {result.refused}")
    for suffix, same in result.identical.items():
        print(f"{key}.{suffix}: {'the same bytes as in the shard' if same else 'differs from the shard'}")
    print(f"files: {target}")
    if not all(same for suffix, same in result.identical.items() if suffix != "jpg"):
        raise CheckFailed(f"{key} came out differently; another version, or another kind of processor?")


@app.command(name="bench")
def bench_command(
    recipe: RecipePath = Path("render_configs/demo.yaml"),
    count: int = 6,
    device: Device = "cpu",
    threads: int = 0,
    out: Path | None = None,
) -> None:
    """Measure what this machine does, by part.

    Args:
        recipe: What is rendered.
        count: How many scenes; the first is left out of the figures.
        device: What Cycles renders with.
        threads: CPU threads of Blender; 0 takes all of the process's cores.
        out: Also write the figures as JSON.
    """
    with tempfile.TemporaryDirectory(prefix="cuffs-bench-") as folder:
        _plan(replace(load_recipe(recipe), spares=0), recipe.parent, count=count, seed=0, out=Path(folder))
        settings = BlenderSettings(device=device, threads=threads or len(os.sched_getaffinity(0)))
        progress = new_progress("rendering", count)
        chunks = range(read_plan(Path(folder)).num_chunks)
        render_plan(RenderJob(folder=Path(folder), chunks=chunks, settings=settings), progress.update)
        progress.close()
        found = report(read_telemetry(Path(folder)))
    print(table(found))
    if out is not None:
        write_bytes(out, (json.dumps(encode(found), indent=1) + "\n").encode())


@app.command(name="doctor")
def doctor_command(humgen3d: Path | None = None) -> None:
    """Say what this machine has of what is needed, which body model is in use, and what is wrong with it.

    Args:
        humgen3d: HumGen3D's content: looks at it and at the add-on instead, and makes a test human.
    """
    if humgen3d is not None:
        doctor_humgen3d(humgen3d)
        return
    findings = list(examine(cache_folder()))
    for finding in findings:
        print(f"{finding.level:7s}{finding.what}: {finding.detail}")
    if broken := [finding.what for finding in findings if finding.level == "broken"]:
        raise UnavailableError(f"not usable as it is: {', '.join(broken)}")


@app.command(name="body")
def body_command(path: bool = False) -> None:
    """Build the open stand-in body where it is missing, and say which body model is in use.

    Args:
        path: Print the file's path alone.
    """
    model = find_body_model(cache_folder())
    print(
        model.path if path else f"{model.name}, {model.num_betas} shape directions\n{model.path}\nsha256 {model.sha256}"
    )


def _plan(recipe: Recipe, folder: Path, *, count: int, seed: int, out: Path) -> Plan:
    """Make a plan with progress; asset building is done here, once. Relative paths in the recipe start at `folder`."""
    config = poses_config(recipe.poses, where="recipe.poses")
    cache = cache_folder()
    model = find_body_model(cache)
    body = body_at_hand(model, rest_shapes(model, assets_folder()))
    poses = open_poses(config, folder=folder, body=body, cache=cache)
    textures: Mapping[str, Path] = {}
    if recipe.humgen3d is not None:
        cast = humgen_cast(recipe.humgen3d, seed, model=model, cache=cache, keep_verts=recipe.keep_verts)
    else:
        topology = dressed_topology(cache, recipe.wardrobe.added)
        cast = open_cast(recipe, seed, model=model, topology=topology, cache=cache)
        textures = textures_of(cache, topology)
    progress = new_progress("planning", count)
    request = PlanRequest(
        recipe=recipe,
        recipe_folder=folder,
        seed=seed,
        count=count,
        draw_pose=_pose_source(poses),
        pose_licences=tuple(sorted(set(poses.licences.values()))),
        body_path=model.path,
        textures=textures,
        versions={name: importlib.metadata.version(name) for name in _installed("anny", "numpy", "smplx")},
    )
    with closing(cast):
        made = make_plan(request, cast, out, progress.update)
    progress.close()
    return made


def _installed(*names: str) -> list[str]:
    """Those of some packages that are there: with SMPL-X and HumGen3D's people none of the open ones is needed."""
    return [name for name in names if importlib.util.find_spec(name) is not None]


def _say_refused(plan: Plan) -> None:
    """What planning refused, by cause."""
    for cause, number in plan.refused.items():
        print(f"  refused while planning {number:6d}  {cause}")


def _pose_source(poses: Poses) -> PoseSource:
    """The sampler's view of the sources: a pose and where its parts came from."""

    def draw(rng: np.random.Generator) -> PoseDraw:
        found = poses.draw(rng)
        return PoseDraw(
            body=found.body,
            left_hand=found.left_hand_origin,
            right_hand=found.right_hand_origin,
            refused=found.refused,
        )

    return draw


def main() -> None:
    """Run a command. A deliberate failure is one message and its exit code (design.md, section 10), no traceback."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        app.cli(prog="cuffs", description="Synthetic close-ups of people with SMPL-X ground truth.")
    except CuffsError as error:
        print(f"cuffs: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("cuffs: interrupted; what is finished is kept, run the same command to go on.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
