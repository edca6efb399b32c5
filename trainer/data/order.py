"""Which sample comes when: sample n of epoch e is a function of (seed, e, n), whatever ranks, workers and restarts."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from cuffs.errors import ConfigError
from cuffs.seeding import stream


def epoch_counts(sizes: Mapping[str, int], weights: Mapping[str, float], epoch_size: int | None) -> tuple[int, ...]:
    """How many samples of each dataset an epoch has.

    Args:
        sizes: samples of each dataset, by name.
        weights: share of each; empty: by size.
        epoch_size: samples in an epoch; None: as many as there are.

    Returns:
        One count a dataset, in the order of `sizes`; largest remainders, so that they sum to the epoch's size.

    Raises:
        ConfigError: if a weight names no dataset, a dataset has none, or one without samples has some.
    """
    if weights and weights.keys() != sizes.keys():
        raise ConfigError(
            f"data.weights names {sorted(weights)}, but the datasets are {sorted(sizes)}: give each just one weight."
        )
    shares = np.array([weights[name] if weights else size for name, size in sizes.items()], float)
    empty = [name for name, share in zip(sizes, shares, strict=True) if share > 0 and sizes[name] == 0]
    if empty or shares.sum() == 0:
        raise ConfigError(
            f"no samples to train on in {', '.join(empty or sizes)}: look at data.split and data.weights."
        )
    exact = shares / shares.sum() * (epoch_size or sum(sizes.values()))
    counts = np.floor(exact + 1e-9).astype(int)
    missing = round(float(exact.sum())) - int(counts.sum())
    counts[np.argsort(-(exact - counts), kind="stable")[:missing]] += 1
    return tuple(counts.tolist())


def epoch_order(
    seed: int, epoch: int, *, sizes: Sequence[int], counts: Sequence[int]
) -> tuple[Int[np.ndarray, " epoch"], Int[np.ndarray, " epoch"]]:
    """Dataset and sample at each place of an epoch.

    A dataset is gone through whole, in a new random order, before it starts again; where it is larger than its count,
    the next epoch goes on where this one stopped. Datasets are mixed at random within an epoch.

    Args:
        seed: the recipe's.
        epoch: from 0.
        sizes: samples of each dataset.
        counts: of `epoch_counts`.
    """
    dataset = np.repeat(np.arange(len(counts)), counts)
    dataset = stream(seed, "datasets of an epoch", epoch).permutation(dataset)
    sample = np.empty_like(dataset)
    for number, (size, count) in enumerate(zip(sizes, counts, strict=True)):
        if count == 0:
            continue
        first = epoch * count
        passes = range(first // size, (first + count - 1) // size + 1)
        order = np.concatenate([stream(seed, "order of a dataset", number, at).permutation(size) for at in passes])
        start = first - passes[0] * size
        sample[dataset == number] = order[start : start + count]
    return dataset, sample
