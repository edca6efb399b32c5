"""How long `cuffs audit` takes on a large dataset, and its memory: a small dataset is tiled.

python -m benchmarks.audit_time DATASET FOLDER --samples 10000      tiles DATASET into FOLDER and audits it

Prints wall time, processor time and peak memory of all processes together. On a machine that others use, processor time
divided by the number of cores is what an idle one would take.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import threading
import time
from itertools import cycle, islice
from pathlib import Path

import psutil

from cuffs.codec import encode
from cuffs.plan import read_plan
from cuffs.shards import SampleFiles, ShardContent, iterate_samples, read_member, write_shard

SHARD = 500


def tile(source: Path, folder: Path, samples: int) -> None:
    """Write a dataset of so many samples, each of the source's again and again under other keys."""
    plan = read_plan(source)
    (folder / "shards").mkdir(parents=True)
    (folder / "assets").symlink_to((source / "assets").resolve())
    kept = {name: sha for name, sha in plan.files.items() if name.startswith("assets/")}
    data = encode(plan) | {"count": samples, "chunk_size": SHARD, "files": kept}
    (folder / "plan.json").write_text(json.dumps(data))
    plan_hash = read_plan(folder).hash()
    entries = islice(cycle([(tar, entry) for tar, _, entry in iterate_samples(source)]), samples)
    for chunk in range(-(-samples // SHARD)):
        with tempfile.TemporaryDirectory(dir=folder) as name:
            files = []
            for slot, (tar, entry) in enumerate(islice(entries, SHARD), chunk * SHARD):
                key, paths = f"tile_{slot:08d}", {}
                for member in entry.members:
                    content = read_member(tar, entry, member.suffix)
                    if member.suffix == "json":
                        content = re.sub(rb'"key": ?"[^"]*"', f'"key":"{key}"'.encode(), content, count=1)
                    paths[member.suffix] = Path(name) / f"{key}.{member.suffix}"
                    paths[member.suffix].write_bytes(content)
                files.append(SampleFiles(key=key, slot=slot, attempt=0, people=entry.people, files=paths))
            content = ShardContent(chunk=chunk, plan_hash=plan_hash, samples=files)
            write_shard(folder / "shards" / f"shard-{chunk:06d}.tar", content)


def watched(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, processor seconds, and peak bytes that its processes held together."""
    peak, began, before = 0, time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.Popen(command, env={**os.environ, "OMP_NUM_THREADS": "1"})

    def look() -> None:
        nonlocal peak
        while run.poll() is None:
            try:
                family = [psutil.Process(run.pid), *psutil.Process(run.pid).children(recursive=True)]
                peak = max(peak, sum(one.memory_info().rss for one in family))
            except psutil.NoSuchProcess:
                pass  # it ended while it was looked at
            time.sleep(1)

    watcher = threading.Thread(target=look)
    watcher.start()
    run.wait()
    watcher.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, used, peak


def main() -> None:
    """Tile, audit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    if not given.folder.exists():
        tile(given.dataset, given.folder, given.samples)
    command = [sys.executable, "-m", "cuffs.cli", "audit", str(given.folder), "--workers", str(given.workers)]
    wall_s, cpu_s, peak = watched(command)
    count = sum(1 for _ in iterate_samples(given.folder))
    print(f"{count} samples, {given.workers} processes: {wall_s:.0f} s wall, {cpu_s:.0f} s of processors "
          f"({1000 * cpu_s / count:.1f} ms a sample), {peak / 2**20:.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
