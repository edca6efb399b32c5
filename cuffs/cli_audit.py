"""`cuffs audit` and `cuffs diff`: whether a dataset's annotations can be trusted, and how two differ."""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro
from tqdm import tqdm

from cuffs.audit.checks import Check
from cuffs.audit.page.build import build_page
from cuffs.audit.pictures import shown_samples
from cuffs.audit.run import audit_dataset, body_of, plan_of
from cuffs.audit.thresholds import Thresholds, load_thresholds
from cuffs.body import load_body_model
from cuffs.diff import Difference, compare
from cuffs.errors import CheckFailed
from cuffs.publish import explained, write_bytes
from cuffs.report.card import write_card
from cuffs.shards import read_index
from cuffs.shards.reader import shard_paths

Folder = Annotated[Path, tyro.conf.Positional]


def audit_command(folder: Folder, limits: Path | None = None, workers: int | None = None) -> None:
    """Measure the annotations against thresholds: DIR/audit/index.html and audit.json, DIR/CARD.md. 1 if missed.

    Args:
        folder: The dataset's folder.
        limits: A YAML file with other thresholds.
        workers: Processes; as many as there are cores if not given.
    """
    thresholds = Thresholds() if limits is None else load_thresholds(limits)
    count = sum(read_index(path.with_suffix(".json")).count for path in shard_paths(folder))
    with tqdm(total=count, desc="auditing", unit="sample", disable=not sys.stderr.isatty()) as bar:
        found = audit_dataset(folder, thresholds, workers=workers or len(os.sched_getaffinity(0)), progress=bar.update)
    out = folder / "audit"
    with explained(out):
        out.mkdir(exist_ok=True)
    write_bytes(out / "audit.json", (json.dumps(found.figures, indent=1) + "\n").encode())
    shown = shown_samples(folder, found.worst, found.random, load_body_model(body_of(folder, plan_of(folder))))
    page = build_page(folder.resolve().name, found.figures, found.checks, list(shown))
    write_bytes(out / "index.html", page.encode())
    write_card(folder, plan_of(folder))
    for check in found.checks:
        value = "can't be told" if check.value is None else f"{check.value:g} {check.unit}"
        print(f"  {_verdict(check)} {check.title:40s} {value:>22s}   limit {check.limit:g}")
    print(f"{found.figures['samples']} samples, {found.figures['people']} people. Look at {out / 'index.html'}")
    if found.failures:
        raise CheckFailed("thresholds missed:\n  " + "\n  ".join(found.failures))


def _verdict(check: Check) -> str:
    return "MISSED" if not check.ok else "untold" if check.value is None else "ok    "


def diff_command(first: Folder, second: Folder, out: Path | None = None) -> None:
    """Compare two datasets or two recipes: recipe keys, plan, counts, residuals, histograms.

    Args:
        first: A dataset's folder, or a recipe.
        second: Another of the same kind.
        out: Also write the differences as JSON.
    """
    found = compare(first, second)
    for difference in found.differences:
        print(_line(difference))
    print(f"{len(found.differences)} of {found.compared} values differ.")
    if out is not None:
        rows = [asdict(difference) for difference in found.differences]
        write_bytes(out, (json.dumps({"compared": found.compared, "differences": rows}, indent=1) + "\n").encode())


def _line(difference: Difference) -> str:
    change = "" if difference.change is None else f"   ({difference.change:+.4g})"
    return f"{difference.name}: {difference.first} -> {difference.second}{change}"
