"""Blender's process: started bare, given a device, emptied between scenes."""

import logging
import os
import resource
import sys
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import bpy

from cuffs.errors import DeviceMissing
from cuffs.records.scene_spec import Device

logger = logging.getLogger(__name__)

GPU_TYPES = ("OPTIX", "CUDA", "HIP", "METAL", "ONEAPI")

OWNED = (
    "objects", "meshes", "armatures", "cameras", "lights", "materials", "images", "worlds", "textures", "node_groups",
    "actions", "curves", "hair_curves", "particles", "texts", "collections",
)  # fmt: skip
"""Kinds of data that a scene is made of; everything else belongs to the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What all scenes of this process share."""

    threads: int
    """As many for every scene: a picture must not depend on who else is running."""

    cycles_device: str
    """Cycles' own name of the device to set on scenes: CPU or GPU."""

    device_name: str
    """What renders, read back from Cycles."""


def start_session(device: Device, threads: int) -> Session:
    """Begin with factory settings and an empty file, whatever the user's Blender is set to.

    Args:
        device: what Cycles shall render with.
        threads: 0 for all that this process may use.

    Raises:
        DeviceMissing: naming the devices that are there.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.edit.use_global_undo = False  # undo keeps copies of every scene
    bpy.context.preferences.filepaths.use_scripts_auto_execute = False  # Python in a user's .blend never runs
    name = _select_device(device)
    logger.info("Blender %s renders on %s", bpy.app.version_string, name)
    return Session(
        threads=threads or usable_cores(), cycles_device="CPU" if device == "cpu" else "GPU", device_name=name
    )


def usable_cores() -> int:
    """Cores that this process may use: fewer than there are, in a farm's container or job."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _select_device(device: Device) -> str:
    """Switch the one kind of device on and all others off; its name as Cycles gives it."""
    cycles = bpy.context.preferences.addons["cycles"].preferences
    if device == "cpu":
        cycles.compute_device_type = "NONE"
        cycles.refresh_devices()
        return "CPU: " + ", ".join(sorted({found.name for found in cycles.devices if found.type == "CPU"}))
    wanted = device.upper()
    if not _names(cycles, wanted):
        there = [f"{kind.lower()}: {', '.join(names)}" for kind in GPU_TYPES if (names := _names(cycles, kind))]
        raise DeviceMissing(
            f"Blender {bpy.app.version_string} finds no {device} device here. "
            f"There is: {'; '.join(['cpu', *there])}. Ask for one of these with --device."
        )
    cycles.compute_device_type = wanted
    cycles.refresh_devices()
    for found in cycles.devices:
        found.use = found.type == wanted
    used = sorted(found.name for found in cycles.devices if found.use)
    if not used or not cycles.has_active_device():
        raise DeviceMissing(f"Cycles lists {device} devices, but can't use them; look at the driver.")
    return f"{wanted}: {', '.join(used)}"


def _names(cycles: bpy.types.AddonPreferences, kind: str) -> list[str]:
    return [found.name for found in cycles.get_devices_for_type(kind) if found.type == kind]


def clear_scene(keep: Collection[bpy.types.Object] = ()) -> None:
    """Remove everything a scene was made of, so that the next one starts from nothing and memory doesn't grow.

    Args:
        keep: objects that stay, with all that belongs to them.
    """
    for layer in bpy.context.scene.view_layers:
        layer.material_override = None  # the data pass's
    _remove([thing for thing in bpy.data.objects if thing not in keep])
    _remove([each for each in bpy.data.collections if not set(each.all_objects) & set(keep)])
    if keep:  # data of those who stay have users, others have none
        _remove(list(bpy.data.worlds))
    else:
        for kind in OWNED:
            _remove(list(getattr(bpy.data, kind)))
    bpy.data.orphans_purge(do_recursive=True)
    _remove([file for file in bpy.data.libraries if not file.users_id])  # of files whose contents were appended


def _remove(found: list[bpy.types.ID]) -> None:
    if found:
        bpy.data.batch_remove(found)


def peak_rss_mb() -> float:
    """The most memory this process has held, MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count what the parent held when it started us
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def leave_after(run: Callable[[], int]) -> NoReturn:
    """Run a program to its end, and end the process at once with its exit code; 1 where something is raised.

    Blender's own way out isn't taken: after .blend files were read, some versions hang there, and with HumGen3D enabled
    some crash.
    """
    code = 1
    try:
        code = run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        if sys.exc_info()[0] is not None:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
