"""Truth of registration and fit on open characters (issue: "Truth on 200 open characters"), from one command.

    python -m benchmarks.truth --count 200 --out truth.json

Meshes only: characters, poses, hands, faces and gaze as `cuffs-ehf.yaml` draws them, skinned as the worker skins them;
nothing is refused before averaging. Prints a table with its limits, writes all figures as JSON, and ends with 1 if a
limit is missed. The speed is that of the very fits in the table, with one thread in each of two processes.
"""

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.limits import Line, say
from benchmarks.truth_people import NUM_SKIN, Crowd, Found, Job, fit_job, start_worker
from cuffs.body import body_parts, find_body_model
from cuffs.character.anny_model import ADULT
from cuffs.character.open_identity import Phenotype
from cuffs.correspond import Correspondence, carry, register
from cuffs.places import cache_folder
from cuffs.skeleton import INDEX, JOINTS, LEFT_HAND, RIGHT_HAND

PROCESSES = 2
WRISTS = [INDEX["left_wrist"], INDEX["right_wrist"]]
FINGERS = [*range(LEFT_HAND.start, LEFT_HAND.stop), *range(RIGHT_HAND.start, RIGHT_HAND.stop)]
ASKED_JOINTS = [number for number, name in enumerate(JOINTS) if name != "jaw"]
"""The open rig has no jaw bone: no jaw rotation is asked for."""


def registration_mm(crowd: Crowd, table: Correspondence, count: int) -> dict[str, float]:
    """Mean error by part over the rest meshes of all identities, mm."""
    model = find_body_model(cache_folder())
    parts = body_parts(model)
    wanted = {
        "body and head": np.union1d(parts["body"], parts["head"]),
        "hands": np.union1d(parts["left_hand"], parts["right_hand"]),
        **{name: parts[name] for name in ("body", "head", "face", "fingers")},
    }
    total = np.zeros(NUM_SKIN)
    for number in range(count):
        phenotype = crowd.phenotype(number)
        identity = crowd.maker.build(phenotype)
        carried = carry(table, identity.rest[crowd.topology.body_vertices])[:NUM_SKIN]
        truth = crowd.true_rest(identity, phenotype)
        total += np.linalg.norm(carried - truth, axis=1)
    return {name: float(total[numbers].mean() / count * 1e3) for name, numbers in wanted.items()}


def run(pool: ProcessPoolExecutor, jobs: list[Job], name: str) -> list[Found]:
    """Fit all jobs, with progress."""
    return list(tqdm(pool.map(fit_job, jobs, chunksize=4), total=len(jobs), desc=name, leave=False))


def summary(found: list[Found]) -> dict[str, float]:
    """Figures of a set of fits: distances over all their vertices together, angles over all their joints."""
    distance = np.stack([one.distance_mm for one in found])
    turned = np.stack([one.turned_deg for one in found])
    parts = {name: numbers[numbers < NUM_SKIN] for name, numbers in body_parts(find_body_model()).items()}
    figures = {f"{name} mean": float(distance[:, numbers].mean()) for name, numbers in parts.items()}
    figures |= {f"{name} p95": float(np.percentile(distance[:, numbers], 95)) for name, numbers in parts.items()}
    figures |= {
        "wrists deg": float(turned[:, WRISTS].mean()),
        "fingers deg": float(turned[:, FINGERS].mean()),
        "joints deg": float(turned[:, ASKED_JOINTS].mean()),
        "converged": float(np.mean([one.converged for one in found])),
        "steps": float(np.mean([one.steps for one in found])),
        "beta max": float(max(one.beta_max for one in found)),
        "beta error": float(max(one.beta_error for one in found)),
        "seconds": float(np.mean([one.seconds for one in found])),
        "cpu seconds": float(np.mean([one.cpu_seconds for one in found])),
    }
    return figures | {f"deg {name}": float(turned[:, number].mean()) for number, name in enumerate(JOINTS)}


def measure(crowd: Crowd, count: int) -> dict[str, dict[str, float]]:
    """Register once on the average adult, then fit everybody through that one table."""
    began = time.perf_counter()
    adult = crowd.maker.build(Phenotype(**ADULT))
    table = register(find_body_model(cache_folder()), crowd.topology, adult).table
    register_s = time.perf_counter() - began
    registered = registration_mm(crowd, table, count)
    people = range(count)
    jobs = {
        "characters": [crowd.job(number, crowd.maker.build(crowd.phenotype(number))) for number in people],
        "out of space": [crowd.job(number, crowd.odd(number)) for number in people],
        "own targets": [crowd.job(number, None) for number in people],
    }
    pool = ProcessPoolExecutor(
        PROCESSES, get_context("spawn"), initializer=start_worker, initargs=(crowd.topology, table)
    )
    with pool:
        fits = {name: summary(run(pool, wanted, name)) for name, wanted in jobs.items()}
    return {"registration": {**registered, "seconds": register_s}, **fits}


def lines_of(figures: dict[str, dict[str, float]]) -> list[Line]:
    """The table."""
    registered, own = figures["registration"], figures["characters"]
    odd, exact = figures["out of space"], figures["own targets"]
    rows = [
        ("registration, body and head", registered["body and head"], 2.0, "mm"),
        ("registration, hands", registered["hands"], 0.6, "mm"),
        ("fit, all but eyeballs, mean", own["all mean"], 3.5, "mm"),
        ("fit, all but eyeballs, p95", own["all p95"], 12.0, "mm"),
        ("fit, fingers", own["fingers mean"], 0.7, "mm"),
        ("fit, face", own["face mean"], 1.6, "mm"),
        ("wrists, fitted against asked", own["wrists deg"], 2.6, "deg"),
        ("fingers, fitted against asked", own["fingers deg"], 2.5, "deg"),
        ("own targets, all", exact["all mean"], 0.01, "mm"),
        ("own targets, joints", exact["joints deg"], 0.1, "deg"),
        ("own targets, betas (largest)", exact["beta error"], 1e-3, ""),
        ("out of space, all", odd["all mean"], 11.0, "mm"),
        ("out of space, fingers", odd["fingers mean"], 3.5, "mm"),
    ]
    lines = [Line(name=name, value=value, limit=limit, unit=unit) for name, value, limit, unit in rows]
    speed = PROCESSES / own["seconds"]
    return [*lines, Line(name="fits a second, 2 processes", value=speed, limit=20.0, unit="/s", at_least=True)]


def main() -> int:
    """Measure, print, write; 1 if a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", type=Path, default=Path("render_configs/cuffs-ehf.yaml"))
    parser.add_argument("--out", type=Path)
    wanted = parser.parse_args()
    crowd = Crowd(wanted.recipe, wanted.seed)
    figures = measure(crowd, wanted.count)
    lines = lines_of(figures)
    print(f"{wanted.count} characters of {wanted.recipe}; body {find_body_model(cache_folder()).sha256[:8]}")
    code = say(lines)
    print(f"{'the same, by processor time':34s}{PROCESSES / figures['characters']['cpu seconds']:10.4f} /s")
    if wanted.out is not None:
        found = {"count": wanted.count, "seed": wanted.seed, **figures}
        wanted.out.write_text(json.dumps(found, indent=1) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
