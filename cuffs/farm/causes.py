"""What went wrong in a run, by cause."""

from collections.abc import Sequence
from dataclasses import dataclass

from cuffs.farm.tries import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseRow:
    """One cause of failed tries."""

    cause: str
    tries: int
    scenes: int
    hosts: tuple[str, ...]
    example: str
    """Key of the latest scene; its logs are in quarantine/ or failures/."""

    def __str__(self) -> str:
        scenes = "1 scene" if self.scenes == 1 else f"{self.scenes} scenes"
        where = self.hosts[0] if len(self.hosts) == 1 else f"{len(self.hosts)} machines"
        return f"{self.tries:6d}  {self.cause:24s} {scenes} on {where}, as {self.example}"


def failure_table(failures: Sequence[Failure]) -> tuple[CauseRow, ...]:
    """Failures by cause, the most frequent first.

    Args:
        failures: oldest first.
    """
    causes: dict[str, list[Failure]] = {}
    for failure in failures:
        causes.setdefault(failure.cause, []).append(failure)
    rows = [
        CauseRow(
            cause=cause,
            tries=len(found),
            scenes=len({failure.key for failure in found}),
            hosts=tuple(sorted({failure.host for failure in found})),
            example=found[-1].key,
        )
        for cause, found in causes.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.tries, row.cause)))
