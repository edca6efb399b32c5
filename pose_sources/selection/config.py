"""What a recipe says about which poses of a source are drawn, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Literal

from cuffs.config import require_fraction
from cuffs.errors import ConfigError
from pose_sources.features import FEATURES, parse_expression

Part = Literal["body", "hands"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectConfig:
    """Which poses of a source, one after the other: filter, restrict, thin out, weigh.

    The poses are looked at once when the source is opened, and what was found is kept in the cache.
    """

    pool: int = 100_000
    """At most so many poses are looked at: all of a smaller source, else a fixed random part. A source that makes poses
    makes so many; 2000 to 20000 are sensible there."""

    stride: int = 1
    """Every so-manieth pose, before anything else: neighbouring frames are nearly the same."""

    datasets: tuple[str, ...] = ()
    """Names of datasets, as in the poses' provenance, where a source holds several; none: all."""

    files: tuple[str, ...] = ()
    """Patterns, one of which must fit the file's path within the source: a subset is `CMU/*`. None: all."""

    not_files: tuple[str, ...] = ()
    """Patterns of files to leave out."""

    actions: tuple[str, ...] = ()
    """Patterns, one of which must fit the source's label of what is done, in any case: `*sit*`. None: all."""

    not_actions: tuple[str, ...] = ()
    """Patterns of labels to leave out."""

    skip_frozen: bool = False
    """Leave out frames in which nothing moved since the last one looked at in the same recording."""

    where: str | None = None
    """A condition over features of the pose: `crouched and left_hand_open > 0.5`. `cuffs poses features` lists them."""

    of: Part = "body"
    """What `apart_mm` and `clusters` compare: bodies without fingers, or fingers without bodies."""

    apart_mm: float | None = None
    """Of poses nearer to each other than this (root mean square distance of the joints) only the first is kept."""

    clusters: int = 0
    """Into how many groups of similar poses the poses are put, so that rare ones can be drawn more often."""

    even: float = 1.0
    """0 leaves every pose equally likely, 1 makes every cluster equally likely."""

    toward: Mapping[str, float] = field(default_factory=dict)
    """Features to prefer, with strengths: {hands_open: 2} draws wide open hands e² times as often as fists."""

    def __post_init__(self) -> None:
        for name, least in (("pool", 1), ("stride", 1), ("clusters", 0)):
            if getattr(self, name) < least:
                raise ConfigError(f"{name} is {getattr(self, name)}, but must be {least} or more.")
        if self.apart_mm is not None and not 0 < self.apart_mm < 1e4:
            raise ConfigError(f"apart_mm is {self.apart_mm}, but must be above 0.")
        require_fraction("even", self.even)
        if self.where is not None:
            parse_expression(self.where, FEATURES, where="where")
        for name, strength in self.toward.items():
            if name not in FEATURES:
                near = get_close_matches(name, FEATURES, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else f" Known features: {', '.join(FEATURES)}."
                raise ConfigError(f"toward: no such feature {name!r}.{hint}")
            if not -50 <= strength <= 50:
                raise ConfigError(f"toward.{name} is {strength}, but lies between -50 and 50.")
