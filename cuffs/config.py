"""YAML files to configuration records, with messages that name the file, the key and the remedy."""

from pathlib import Path
from typing import TypeVar

import yaml

from cuffs.codec import decode
from cuffs.errors import ConfigError

T = TypeVar("T")


def load_yaml(path: Path) -> dict[str, object]:
    """Keys and values of a YAML file.

    Raises:
        ConfigError: if it is missing, isn't YAML, or holds something else than keys and values.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} is not there.") from None
    except (IsADirectoryError, PermissionError) as problem:
        raise ConfigError(f"{path} can't be read: {problem.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise ConfigError(f"{path} is not YAML: {problem}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path}: expected keys and values, found {type(data).__name__}.")
    return data


def build(cls: type[T], data: object, *, where: str) -> T:
    """The configuration record that plain values describe.

    Raises:
        ConfigError: naming the place; an unknown key comes with the nearest known one.
    """
    return decode(cls, data, where=where, error=ConfigError)


def require_span(name: str, span: tuple[float, float], low: float, high: float) -> None:
    """Refuse ranges that run backwards or leave what is possible.

    Raises:
        ConfigError: naming the key and both ends.
    """
    if span[0] > span[1]:
        raise ConfigError(f"{name} runs from {span[0]} down to {span[1]}; swap the two.")
    if span[0] < low or span[1] > high:
        raise ConfigError(f"{name} is {list(span)}, but must lie within {low} to {high}.")


def require_fraction(name: str, value: float) -> None:
    """Refuse a probability or share outside 0 to 1.

    Raises:
        ConfigError: naming the key and the value.
    """
    if not 0 <= value <= 1:
        raise ConfigError(f"{name} is {value}, but is a share between 0 and 1.")


def require_weights(name: str, weights: dict[str, float]) -> None:
    """Refuse weights that nothing can be drawn with.

    Raises:
        ConfigError: if one is negative or all are zero.
    """
    if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
        raise ConfigError(f"{name} needs at least one weight above 0 and none below, found {weights}.")
