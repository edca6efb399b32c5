"""Whether hands are absolute or relative, told by joints that the data set gives: what fits them best."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from jaxtyping import Float

from pose_sources.checking.finding import Finding, verdict
from pose_sources.mean_hand import MeanHand

AS_READ: Final = "as read"
WAYS: Final = {AS_READ: 0.0, "with the mean hand added": 1.0, "with the mean hand taken away": -1.0}
"""How the hands might be meant, as shares of the mean hand."""

LEAST: Final = 4
CLEAR: Final = 0.9
"""The best way must leave this much less than the next, in the median, to decide against the reader."""


def other_ways(
    hand: Float[np.ndarray, "15 3"], mean: MeanHand, side: int
) -> Iterator[tuple[str, Float[np.ndarray, "15 3"]]]:
    """The hand in each way that it might be meant.

    Args:
        hand: as read.
        mean: the mean hand.
        side: 0 left, 1 right.
    """
    for name, share in WAYS.items():
        yield name, hand + share * mean.hands[side]


def judge_ways(misfits: Sequence[dict[str, float]], unit: str) -> Finding:
    """Which way fits best.

    Args:
        misfits: of every hand, by way.
        unit: that they are in.
    """
    what = "hands against joints"
    if len(misfits) < LEAST:
        return Finding("note", what, f"only {len(misfits)} measured hands with joints, too few to tell")
    medians = {name: float(np.median([one[name] for one in misfits])) for name in WAYS}
    best = min(medians, key=lambda name: medians[name])
    text = ", ".join(f"{name} {value:.3g} {unit}" for name, value in medians.items())
    clear = medians[best] < CLEAR * medians[AS_READ]
    return verdict(
        not clear, what, f"median misfit of {len(misfits)} hands {text}",
        "Hands are meant another way than they are read: set `hands` of the source, where it has it.",
    )  # fmt: skip
