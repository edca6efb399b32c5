"""The `cuffs` command: where sources of poses, planner, farm and reports are put together."""

import importlib.metadata
import json
import logging
import sys
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from cuffs.body import find_body_model, load_body_model
from cuffs.body.find import body_model_path
from cuffs.character import load_or_build_topology
from cuffs.errors import CheckFailed, CuffsError
from cuffs.farm.blender_process import BlenderSettings
from cuffs.farm.render import Progress, RenderSummary, render_plan, require_complete
from cuffs.farm.telemetry import read_telemetry
from cuffs.places import cache_folder
from cuffs.plan import Plan, read_plan
from cuffs.plan.cast import open_cast
from cuffs.plan.make import PlanRequest, make_plan
from cuffs.recipe import load_recipe
from cuffs.records.scene_spec import Device
from cuffs.report.audit import Thresholds
from cuffs.report.audit import audit as audit_dataset
from cuffs.report.sheet import write_sheet
from cuffs.shards import iterate_samples
from cuffs.shards.verify import verify_dataset

app = tyro.extras.SubcommandApp()

Positional = tyro.conf.Positional
RecipePath = Annotated[Path, Positional]
Folder = Annotated[Path, Positional]


@app.command
def plan(recipe: Positional[Path], out: Path, count: int, seed: int = 0) -> None:
    """Draw every scene of a run and put all that nodes need into one folder. Nothing is rendered.

    Args:
        recipe: A file from render_configs/, or one of your own.
        out: The plan's folder.
        count: How many samples there shall be.
        seed: Another seed, other scenes.
    """
    made = _plan(recipe, out, count=count, seed=seed)
    print(f"{made.count} slots in {made.num_chunks} chunks: {out}\nnext: cuffs render {out}")
