"""An OpenJD job (https://github.com/OpenJobDescription/openjd-specifications, jobtemplate-2023-09).

Studio farms read it: AWS Deadline Cloud, and others through its tools.
"""

import json
import shlex
from pathlib import Path
from typing import Any

import yaml

from cuffs.farm.estimate import Estimate
from cuffs.farm.templates.limits import TaskLimits, measured_lines

MIB_A_GB = 1024
NOTIFY_S = 60


def openjd_template(folder: Path, name: str, found: Estimate, limits: TaskLimits, *, command: str) -> str:
    """The job template, YAML: one task a chunk, then a check of the whole.

    Args:
        folder: the plan's.
        name: of the job.
        found: where the limits come from.
        limits: of each task, which is one chunk.
        command: how `cuffs` is called on a node, as a shell would read it.
    """
    program, *first = shlex.split(command)
    render = [*first, "render", "{{Param.Plan}}", "--chunk", "{{Task.Param.Chunk}}"]
    render += ["--device", limits.device, "--threads", str(limits.threads)]
    needs = [
        {"name": "amount.worker.vcpu", "min": limits.cpus},
        {"name": "amount.worker.memory", "min": MIB_A_GB * limits.memory_gb},
        *([{"name": "amount.worker.gpu", "min": limits.gpus}] if limits.gpus else []),
    ]
    template: dict[str, Any] = {
        "specificationVersion": "jobtemplate-2023-09",
        "name": f"cuffs {name}"[:64],
        "parameterDefinitions": [
            {
                "name": "Plan",
                "type": "PATH",
                "objectType": "DIRECTORY",
                "dataFlow": "INOUT",
                # A default can't be absolute, says the specification.
                "description": "Folder of the plan, where all workers see it.",
            }
        ],
        "steps": [
            {
                "name": "Render",
                "parameterSpace": {
                    "taskParameterDefinitions": [{"name": "Chunk", "type": "INT", "range": f"0-{limits.tasks - 1}"}]
                },
                "hostRequirements": {"amounts": needs},
                "script": _script(program, render, timeout_s=60 * limits.minutes),
            },
            {
                "name": "Verify",
                "dependencies": [{"dependsOn": "Render"}],
                "script": _script(program, [*first, "verify", "{{Param.Plan}}"], timeout_s=60 * limits.minutes),
            },
        ],
    }
    told = [*measured_lines(found, limits), f"Submit it with the job parameter Plan={folder}"]
    comment = "\n".join(f"# {line}" for line in told)
    return f"{comment}\n" + yaml.safe_dump(json.loads(json.dumps(template)), sort_keys=False, width=120)


def _script(program: str, arguments: list[str], *, timeout_s: int) -> dict[str, Any]:
    cancelation = {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": NOTIFY_S}
    run = {"command": program, "args": arguments, "timeout": timeout_s, "cancelation": cancelation}
    return {"actions": {"onRun": run}}
