"""A real Slurm of one node on loopback: its own daemons, its own folder, no service of the system's."""

import getpass
import os
import platform
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

PROGRAMS = ("slurmctld", "slurmd", "sbatch", "squeue", "scontrol")
START_S = 40

CONFIG = """
ClusterName=cuffs{port}
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser=root
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/builtin
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
KillWait=5
MaxArraySize=1001
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory={memory_mb} State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class NoSlurm(Exception):
    """Why Slurm can't run here."""


@contextmanager
def slurm_node(folder, free_port):
    """Variables with which sbatch and its like reach a running node.

    Raises:
        NoSlurm: saying why it can't start.
    """
    missing = [name for name in PROGRAMS if _program(name) is None]
    if missing:
        raise NoSlurm(f"{', '.join(missing)} not installed (Debian: slurm-wlm)")
    if os.geteuid() != 0:
        raise NoSlurm("slurmd needs root")
    for name in ("state", "spool"):
        (folder / name).mkdir(parents=True)
    path = folder / "slurm.conf"
    path.write_text(
        CONFIG.format(
            folder=folder,
            host=platform.node().split(".")[0],
            user=getpass.getuser(),
            port=free_port(),
            node_port=free_port(),
            cores=os.cpu_count(),
            memory_mb=os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20,
        )
    )
    env = {**os.environ, "SLURM_CONF": str(path)}
    daemons = []
    try:
        for command in (["slurmctld", "-D", "-f", str(path)], ["slurmd", "-D", "-f", str(path)]):
            with (folder / f"{command[0]}.out").open("w") as log:
                program = [_program(command[0]), *command[1:]]
                daemons.append(subprocess.Popen(program, stdout=log, stderr=log, env=env))
        _await_node(folder, daemons, env)
        yield {"SLURM_CONF": str(path)}
    finally:
        for daemon in reversed(daemons):
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()


def _await_node(folder, daemons, env):
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        for daemon in daemons:
            if daemon.poll() is not None:
                texts = "".join(path.read_text()[-400:] for path in folder.glob("slurm*.out"))
                raise NoSlurm(f"{daemon.args[0]} ended with {daemon.returncode}: {texts}")
        state = subprocess.run(["scontrol", "show", "node"], env=env, capture_output=True, text=True, timeout=60)
        if "State=IDLE" in state.stdout:
            return
        time.sleep(0.5)
    raise NoSlurm(f"the node is not idle after {START_S} s: {state.stdout[-300:]}{state.stderr[-300:]}")


def _program(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
