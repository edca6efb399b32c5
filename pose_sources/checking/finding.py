"""What a check found."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked."""

    level: Literal["ok", "note", "bad"]
    """ok: as it should be; note: could not be checked, or is worth knowing; bad: not as it should be."""

    what: str
    detail: str
    """With figures; where it is bad, with a remedy."""


def verdict(good: bool, what: str, detail: str, remedy: str) -> Finding:
    """ok with the detail, or bad with the remedy behind it."""
    return Finding("ok", what, detail) if good else Finding("bad", what, f"{detail}. {remedy}")
