"""What annotates a farm's scenes: loaded once by each process, and the problems that one scene may cause it."""

from functools import lru_cache
from pathlib import Path

from PIL import UnidentifiedImageError

from cuffs.annotate.annotate import Annotator
from cuffs.errors import GeometryError, RecordError
from cuffs.plan import read_plan

ANNOTATION_PROBLEMS = (
    GeometryError, ArithmeticError, AssertionError, LookupError, RuntimeError, ValueError, TypeError, MemoryError,
    UnidentifiedImageError,
)  # fmt: skip
"""What one scene's capture can cause. The scene is tried again and then set aside, with the trace, and the run goes on.
Other errors of ours are about files of the plan, and end the task."""


@lru_cache(maxsize=1)
def annotator(plan_folder: Path, plan_hash: str) -> Annotator:
    """Kept by each process: loading takes a second of each task, and makes a process grow that does it again and again.

    Raises:
        RecordError: if a file is missing or damaged, or the plan has just changed.
    """
    plan = read_plan(plan_folder)
    if plan.hash() != plan_hash:
        raise RecordError(f"{plan_folder / 'plan.json'} was changed while it was read. Run the same command again.")
    return Annotator.load(plan_folder, plan)
