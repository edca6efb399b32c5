"""Every error that a user can cause, with the exit code that it ends a command with.

CuffsError
├── InputError (2)          the user's input is wrong
│   ├── ConfigError         a recipe, an argument
│   ├── RecordError         a plan, shard or other file of ours that is malformed or of another version
│   ├── PoseFileError       a pose file that can't be used
│   ├── CheckpointError     a file of network weights that can't be used
│   └── GeometryError       numbers that describe nothing possible (a point behind the camera)
├── UnavailableError (3)    something needed is missing or unusable
│   ├── AssetMissing        a file that is not there
│   ├── AssetBroken         a file that is there and wrong
│   ├── AddOnUnusable       HumGen3D can't run on this machine
│   ├── DeviceMissing       a render device that was asked for and isn't there
│   ├── WorkerDied          Blender ended before it had finished
│   └── OutputError         disk full, not writable
├── CheckFailed (1)         it ran, but a check or threshold failed
└── Quarantined (4)         finished, but some scenes could not be made

Exit codes: design.md, section 10. 0 is done, 130 is interrupted.
"""

from pathlib import Path


class CuffsError(Exception):
    """Anything that deserves one message and no traceback."""

    exit_code = 2


class InputError(CuffsError):
    """What the user gave is wrong."""

    exit_code = 2


class ConfigError(InputError):
    """A recipe or an argument is wrong."""


class RecordError(InputError):
    """A file in one of our own formats is malformed, or of a version that this program doesn't read."""


class PoseFileError(InputError):
    """A pose file can't be used; says which file and which field."""


class CheckpointError(InputError):
    """A file of network weights can't be used; says which file and which tensor."""


class GeometryError(InputError):
    """Numbers that describe nothing possible."""


class UnavailableError(CuffsError):
    """Something that is needed is missing or unusable."""

    exit_code = 3


class AssetMissing(UnavailableError):
    """A file that has to be there is not."""

    def __init__(self, what: str, path: Path, remedy: str) -> None:
        super().__init__(f"{what} is missing.\n  looked at: {path}\n  to fix it: {remedy}")
        self.path = path


class AssetBroken(UnavailableError):
    """A file is there, but is not what it should be."""

    def __init__(self, what: str, path: Path, found: str, remedy: str) -> None:
        super().__init__(f"{what} can't be used: {found}\n  file: {path}\n  to fix it: {remedy}")
        self.path = path


class AddOnUnusable(UnavailableError):
    """The HumGen3D add-on or its content is missing here, or can't be used: no scene with its people can be made."""


class DeviceMissing(UnavailableError):
    """A render device that was asked for is not there. Never replaced by another one silently."""


class WorkerDied(UnavailableError):
    """The Blender process ended, hung or ran out of memory before the work was done."""


class OutputError(UnavailableError):
    """The output can't be written: disk full, no permission, a file where a folder should be."""


class CheckFailed(CuffsError):
    """The command ran, but something it checks is not as it should be."""

    exit_code = 1


class Quarantined(CuffsError):
    """The run finished, but some scenes could not be made; the message lists them by cause."""

    exit_code = 4
