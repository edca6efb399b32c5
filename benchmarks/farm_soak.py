"""Soak: thousands of small scenes in one run; does it slow down, does memory grow?

    python -m benchmarks.farm_soak --out /tmp/soak --count 2000 [--minutes 60]

Every hundredth scene is one and the same: its processor time is the probe (other programs on the machine change that
little, unlike wall time). The memory of the run's parent is read every few seconds, that of Blender and of the process
that annotates comes from telemetry. Safe to stop and to call again: it goes on, and the report says how many runs
there were. `drift` is the probe's trend over the whole, by least squares, as a share of its median.
"""

import argparse
import json
import signal
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import psutil

from benchmarks.farm_runs import Meter, command, make_plan, planned_specs, set_specs
from cuffs.farm.telemetry import SceneTelemetry, read_telemetry

EVERY = 100
LOOK_S = 5.0
RECIPE = """
name: soak
image: {width: 64, height: 64}
render: {samples: 1, denoise: false}
camera: {distance_m: [2.2, 2.6], yaw_deg: [-60, 60]}
people: {count: {"1": 0.7, "2": 0.3}, spacing_m: [0.8, 1.0]}
poses: {kind: procedural}
place: {kinds: {studio: 1}}
wardrobe: {dressed: false, hair: false}
num_identities: 20
chunk_size: 100
spares: 0
"""


def main() -> None:
    """Run, or go on, and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--distinct", type=int, default=100, help="scenes that are drawn; they come again and again")
    parser.add_argument("--minutes", type=float, default=1e9, help="stop after so long; call again to go on")
    parser.add_argument("--recycle", type=int, default=50)
    options = parser.parse_args()
    folder = options.out / "plan"
    if not (options.out / "ready").exists():
        options.out.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as recipe:
            recipe.write(RECIPE)
            recipe.flush()
            make_plan(Path(recipe.name), options.distinct, folder)
        specs = planned_specs(folder)
        numbers = (number % len(specs) if number % EVERY else 0 for number in range(options.count))
        set_specs(folder, [specs[number] for number in numbers])
        (options.out / "ready").touch()
    _run(folder, options.out / "parent.jsonl", minutes=options.minutes, recycle=options.recycle)
    found = report(read_telemetry(folder), options.out / "parent.jsonl")
    (options.out / "report.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def _run(folder: Path, log: Path, *, minutes: float, recycle: int) -> None:
    """One run, watched from outside."""
    cores = sorted(psutil.Process().cpu_affinity())
    meter = Meter(command("render", folder, "--threads", 1, "--recycle", recycle), cores)
    started = time.monotonic()
    parent = psutil.Process(meter.process.pid)
    with log.open("a") as file:
        while meter.process.poll() is None:
            try:
                line = {"pid": parent.pid, "at_unix_s": time.time(), "rss_mb": parent.memory_info().rss / 2**20}
                line["cpu_s"] = meter.own_cpu_s()
            except psutil.NoSuchProcess:
                break
            file.write(json.dumps(line) + "\n")
            file.flush()
            if time.monotonic() - started > 60 * minutes:
                meter.process.send_signal(signal.SIGTERM)
                meter.process.wait()
                return
            time.sleep(LOOK_S)


def report(records: Sequence[SceneTelemetry], parent_log: Path) -> dict[str, object]:
    """The figures.

    Args:
        records: of all scenes so far.
        parent_log: the parent's memory and processor time.
    """
    ordered = sorted(records, key=lambda record: record.at_unix_s or 0.0)
    probes = [record for record in ordered if record.slot % EVERY == 0]
    cpu = np.array([(record.cpu_s or 0.0) + (record.fit_cpu_s or 0.0) for record in probes])
    lines = [json.loads(line) for line in parent_log.read_text().splitlines()]
    parent = [line["rss_mb"] for line in lines]
    annotation = [record.parent_rss_mb or 0.0 for record in ordered]
    quarter = max(1, len(ordered) // 4)
    return {
        "scenes": len(ordered),
        "runs": len({line["pid"] for line in lines}),
        "blenders_peak_mb": [round(statistics.median(part), 1) for part in _quarters(ordered)],
        "annotation_mb": [round(statistics.median(annotation[k : k + quarter]), 1) for k in _starts(ordered)],
        "parent_mb_first_last_max": [round(value, 1) for value in (parent[0], parent[-1], max(parent))],
        "probes": len(probes),
        "probe_cpu_s": [round(float(value), 3) for value in cpu],
        "drift": round(_drift(cpu), 4) if len(probes) > 2 else None,
        "cpu_s_a_scene_by_quarter": [
            round(statistics.mean((r.cpu_s or 0.0) + (r.fit_cpu_s or 0.0) for r in ordered[k : k + quarter]), 3)
            for k in _starts(ordered)
        ],
    }


def _drift(values: np.ndarray) -> float:
    """Change from the first to the last value by least squares, as a share of the median; the first, which warms up
    caches, is left out.
    """
    used = values[1:]
    slope = np.polyfit(np.arange(len(used)), used, 1)[0]
    return float(slope * (len(used) - 1) / np.median(used))


def _starts(records: Sequence[SceneTelemetry]) -> range:
    quarter = max(1, len(records) // 4)
    return range(0, quarter * min(4, len(records)), quarter)


def _quarters(records: Sequence[SceneTelemetry]) -> list[list[float]]:
    """Blender's peak memory at the last scene of each process, by quarters of the run."""
    quarter = max(1, len(records) // 4)
    return [[record.max_rss_mb for record in records[k : k + quarter]] for k in _starts(records)]


if __name__ == "__main__":
    main()
