"""What every command of the trainer does around its work."""

import logging
import sys
from collections.abc import Callable
from typing import Final

from cuffs.errors import CuffsError

INTERRUPTED: Final = 130


def exit_code(prog: str, work: Callable[[], int | None], *, level: int = logging.INFO) -> int:
    """Do a command's work and say how it ended. A deliberate failure is one message and its exit code, no traceback.

    Args:
        prog: the command's name, for its messages.
        work: gives an exit code of its own, or None where it is done.
        level: of what is logged, to stderr.
    """
    logging.basicConfig(level=level, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        return work() or 0
    except CuffsError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"{prog}: interrupted", file=sys.stderr)
        return INTERRUPTED
