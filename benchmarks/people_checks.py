"""What can't be in reality, measured on the people of a plan, without rendering: skin through cloth, feet, limbs, eyes.

    cuffs plan render_configs/cuffs-ehf.yaml --count 240 --seed 7 --out /tmp/ehf
    python -m benchmarks.people_checks /tmp/ehf

Prints one line for each person beyond a limit, and figures as JSON.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from cuffs.character import Identity, Topology
from cuffs.physical import PhysicalLimits, causes_of, check_person
from cuffs.plan import read_chunk, read_plan
from cuffs.records import PersonSpec, PhysicalRecord


def main() -> None:
    """Measure everybody of a plan's first scenes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--count", type=int, default=10**6, help="people at most")
    options = parser.parse_args()
    limits, causes = PhysicalLimits(), Counter[str]()
    found: list[PhysicalRecord] = []
    topologies: dict[str, Topology] = {}
    start = time.process_time()
    for key, person in _people(options.plan):
        if len(found) == options.count:
            break
        look = person.character
        assets = options.plan / "assets"
        if look.topology not in topologies:
            topologies[look.topology] = Topology.load(assets / f"characters/{look.topology}.npz")
        identity = Identity.load(assets / f"identities/{look.identity}.npz")
        findings = check_person(topologies[look.topology], identity, person)
        found.append(findings.record)
        wrong = causes_of(findings.record, limits)
        causes.update(wrong)
        if wrong:
            print(key, look.identity, person.body_source.action, wrong, findings, flush=True)
    seconds = (time.process_time() - start) / len(found)
    print(json.dumps(_figures(found, limits) | {"causes": causes, "cpu_s_per_person": round(seconds, 3)}, indent=1))


def _people(folder: Path) -> Iterator[tuple[str, PersonSpec]]:
    plan = read_plan(folder)
    for chunk in range(plan.num_chunks):
        for slot in read_chunk(folder, plan, chunk).slots:
            yield from ((slot.specs[0].key, person) for person in slot.specs[0].people)


def _figures(found: list[PhysicalRecord], limits: PhysicalLimits) -> dict[str, object]:
    standing = np.array([one.feet_mm for one in found if one.standing]).reshape(-1, 2)
    lowest = np.array([min(one.feet_mm) for one in found])
    poking = np.array([one.skin_out for one in found])
    limb_mm = np.array([one.limb_mm for one in found])
    return {
        "people": len(found),
        "failing_share": float(np.mean([bool(causes_of(one, limits)) for one in found])),
        "poking_share_mean": float(poking.mean()),
        "poking_share_p95_p99_max": np.percentile(poking, [95, 99, 100]).round(5).tolist(),
        "standing_people": len(standing),
        "standing_feet_mm_p50_p95_max": np.percentile(np.abs(standing), [50, 95, 100]).round(2).tolist()
        if len(standing)
        else None,
        "lowest_foot_mm_min": float(lowest.min()),
        "limb_mm_p50_p95_max": np.percentile(limb_mm, [50, 95, 100]).round(2).tolist(),
        "eye_mm_max": float(max(one.eye_mm for one in found)),
    }


if __name__ == "__main__":
    main()
