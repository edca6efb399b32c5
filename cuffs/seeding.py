"""Streams of random numbers: one per purpose, the same on every machine and in any order."""

import zlib

import numpy as np


def stream(seed: int, purpose: str, *place: int) -> np.random.Generator:
    """Random numbers for one purpose at one place of the plan.

    The same arguments give the same numbers on every machine and in any order, and adding a purpose
    leaves the numbers of all others alone.

    Args:
        seed: the plan's seed, 0 or more.
        purpose: what the numbers are for, "camera" say.
        place: whole numbers, 0 or more, that say where: slot and attempt, or an identity's number.

    Raises:
        ValueError: if a number is negative.
    """
    if seed < 0 or any(number < 0 for number in place):
        raise ValueError(f"seed and place must be 0 or more, not {seed}, {place}")
    return np.random.default_rng([seed, zlib.crc32(purpose.encode()), *place])
