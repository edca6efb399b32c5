"""Figures and the limits they must keep."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A row of the table."""

    name: str
    value: float
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the limit is kept."""
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def say(lines: Sequence[Line]) -> int:
    """Print figures beside their limits. Gives the exit code: 0 if all are kept, 1 otherwise."""
    width = max(len(line.name) for line in lines)
    for line in lines:
        limit = f"{'>=' if line.at_least else '<='} {line.limit:g}"
        print(f"{line.name:{width}s} {line.value:10.4g} {line.unit:4s} {limit:10s} {'ok' if line.holds else 'MISSED'}")
    return 0 if all(line.holds for line in lines) else 1
