"""Checks that records make when they are constructed."""

from typing import Any

import numpy as np

from cuffs.errors import RecordError

KEY_ALPHABET = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


def require_schema(found: str, expected: str) -> None:
    """Refuse a record of another kind or version.

    Raises:
        RecordError: saying which version was found and which is read.
    """
    if found != expected:
        raise RecordError(
            f"schema is {found!r}, but this program reads {expected!r}. "
            "Use the version that wrote the file, or make the file anew with this one."
        )


def require_key(key: str) -> None:
    """Sample keys are [a-z0-9_]{1,64}: a dot would split a sample in a tar, a long name is cut silently.

    Raises:
        RecordError: if the key is anything else.
    """
    if not 1 <= len(key) <= 64 or not set(key) <= KEY_ALPHABET:
        raise RecordError(f"key {key!r} must be 1 to 64 of a-z, 0-9 and _.")


def require_array(name: str, value: Any, *shape: int) -> None:
    """Refuse arrays of other shapes, and numbers that are not finite.

    Args:
        name: of the field, for the message.
        value: the array.
        shape: expected; -1 stands for any length.

    Raises:
        RecordError: saying what was found.
    """
    if (
        not isinstance(value, np.ndarray)
        or value.ndim != len(shape)
        or any(want not in (-1, got) for want, got in zip(shape, value.shape, strict=True))
    ):
        found = value.shape if isinstance(value, np.ndarray) else type(value).__name__
        raise RecordError(f"{name} must have shape {shape}, found {found}.")
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise RecordError(f"{name} holds {int((~np.isfinite(value)).sum())} values that are not finite.")


def require_range(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high].

    Raises:
        RecordError: saying what was found.
    """
    if not low <= value <= high:
        raise RecordError(f"{name} is {value}, but lies between {low} and {high}.")


def require_rigid(name: str, T: np.ndarray) -> None:
    """Refuse a 4x4 matrix that is not a rigid transform.

    Raises:
        RecordError: if it scales, shears, mirrors, or its last row is not (0, 0, 0, 1).
    """
    require_array(name, T, 4, 4)
    R = T[:3, :3]
    if not np.allclose(R @ R.T, np.eye(3), atol=1e-6) or np.linalg.det(R) < 0 or not np.array_equal(T[3], [0, 0, 0, 1]):
        raise RecordError(f"{name} is not a rigid transform.")


def require_intrinsics(K: np.ndarray) -> None:
    """Refuse a K that is not a pinhole with square pixels and no skew.

    Raises:
        RecordError: saying what is wrong with it.
    """
    require_array("camera.K", K, 3, 3)
    rest = [K[0, 1], K[1, 0], K[2, 0], K[2, 1], K[2, 2] - 1]
    if K[0, 0] <= 0 or not np.isclose(K[0, 0], K[1, 1], rtol=1e-6) or not np.allclose(rest, 0, atol=1e-9):
        raise RecordError(f"camera.K must be [[f, 0, cx], [0, f, cy], [0, 0, 1]] with f > 0, found {K.tolist()}.")
