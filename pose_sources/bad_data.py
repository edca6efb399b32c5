"""What happens to files and rows that can't be used: the first stops, or all are left out, counted and listed."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal

from cuffs.errors import PoseFileError

log = logging.getLogger(__name__)

REMEDY: Final = "\n  to go on without it: bad_data: skip, or --skip-bad."

BadDataPolicy = Literal["error", "skip"]

LISTED: Final = 20
"""So many are named in the log; `cuffs poses index` lists all."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was left out."""

    file: str
    """Path within the source's folder."""

    row: int | None
    """Its number in the file; None: the whole file."""

    why: str


@dataclass(slots=True)
class BadData:
    """Either stops at the first bad thing, or collects them."""

    skip: bool
    found: list[Skipped] = field(default_factory=list)

    @contextmanager
    def leaving_out(self, file: str, row: int | None = None) -> Iterator[None]:
        """What fails inside is left out, or stops, as the recipe says.

        Raises:
            PoseFileError: what was raised inside, with the remedy, unless it is to be left out.
        """
        try:
            yield
        except PoseFileError as problem:
            self.note(file, row, problem)

    def note(self, file: str, row: int | None, problem: PoseFileError) -> None:
        """Collect a problem, or raise it.

        Raises:
            PoseFileError: the problem with its remedy.
        """
        if not self.skip:
            remedy = "" if REMEDY in str(problem) else REMEDY
            raise PoseFileError(f"{problem}{remedy}") from problem
        self.found.append(Skipped(file, row, str(problem)))


def log_skipped(source: str, skipped: Sequence[Skipped]) -> None:
    """Say how many things of a source were left out, and which came first."""
    if not skipped:
        return
    lines = [f"{one.file}{'' if one.row is None else f', row {one.row}'}: {one.why}" for one in skipped[:LISTED]]
    more = [f"and {len(skipped) - LISTED} more"] if len(skipped) > LISTED else []
    log.warning("%s: %d bad files or rows are left out:\n  %s", source, len(skipped), "\n  ".join(lines + more))
