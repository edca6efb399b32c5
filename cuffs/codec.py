"""Records to plain JSON values and back, checked field by field.

One codec serves recipes (YAML) and records (JSON). The annotations of a dataclass are the schema: unknown keys are
refused with a suggestion, missing ones are named, and every message says where in the file it happened. Needs numpy
alone, because Blender's worker reads SceneSpecs with it.
"""

import dataclasses
import functools
import math
import types
import typing
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Literal, TypeVar, Union

import numpy as np

from cuffs.errors import CuffsError, RecordError

T = TypeVar("T")


def encode(value: Any) -> Any:
    """A record as dicts, lists, strings, numbers and None, ready for json.dumps.

    Raises:
        TypeError: for a value that no record should hold.
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: encode(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return {str(key): encode(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [encode(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a record can't hold {type(value).__name__}")


def decode(
    cls: type[T],
    data: Any,
    *,
    where: str,
    error: type[CuffsError] = RecordError,
) -> T:
    """The record that plain values describe.

    Args:
        cls: a dataclass; its annotations are the schema. Defaults make a key optional.
        data: what json or yaml read.
        where: the file and place, for messages.
        error: what to raise, ConfigError for recipes.

    Raises:
        CuffsError: of the given kind, with the place, the value found and what was expected.
    """
    return _Decoder(error).value(cls, data, where)


class _Decoder:
    """Walks annotations and values side by side; holds only the kind of error to raise."""

    def __init__(self, error: type[CuffsError]) -> None:
        self.error = error

    def value(self, hint: Any, data: Any, where: str) -> Any:
        method, what = _form(hint)
        return getattr(self, method)(what, data, where)

    def optional(self, options: tuple[Any, ...], data: Any, where: str) -> Any:
        return None if data is None else self.union(options, data, where)

    def union(self, options: tuple[Any, ...], data: Any, where: str) -> Any:
        if len(options) == 1:
            return self.value(options[0], data, where)
        by_kind = {option.KIND: option for option in options if hasattr(option, "KIND")}
        if len(by_kind) == len(options) and isinstance(data, Mapping):
            kind = self.literal(tuple(by_kind), data.get("kind"), f"{where}.kind")
            return self.value(by_kind[kind], {k: v for k, v in data.items() if k != "kind"}, where)
        raise self.error(f"{where}: none of the allowed forms fits {_short(data)}.")

    def literal(self, options: tuple[Any, ...], data: Any, where: str) -> Any:
        if data not in options or isinstance(data, bool) != any(option is data for option in (True, False)):
            near = get_close_matches(str(data), [str(option) for option in options], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise self.error(f"{where}: {_short(data)} is not one of {', '.join(map(repr, options))}.{hint}")
        return data

    def sequence(self, hint: Any, data: Any, where: str) -> Any:
        if not isinstance(data, (list, tuple)):
            raise self.error(f"{where}: expected a list, found {_short(data)}.")
        args = typing.get_args(hint)
        if typing.get_origin(hint) is list or (len(args) == 2 and args[1] is Ellipsis):
            items = [self.value(args[0], item, f"{where}[{n}]") for n, item in enumerate(data)]
            return items if typing.get_origin(hint) is list else tuple(items)
        if len(data) != len(args):
            raise self.error(f"{where}: expected {len(args)} values, found {len(data)}: {_short(data)}.")
        return tuple(
            self.value(arg, item, f"{where}[{n}]") for n, (arg, item) in enumerate(zip(args, data, strict=True))
        )

    def mapping(self, item_hint: Any, data: Any, where: str) -> dict[str, Any]:
        if not isinstance(data, Mapping):
            raise self.error(f"{where}: expected keys and values, found {_short(data)}.")
        return {str(key): self.value(item_hint, item, f"{where}.{key}") for key, item in data.items()}

    def record(self, cls: Any, data: Any, where: str) -> Any:
        if not isinstance(data, Mapping):
            raise self.error(f"{where}: expected keys and values, found {_short(data)}.")
        fields = _fields(cls)
        for key in data:
            if key not in fields:
                near = get_close_matches(str(key), fields, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else f" Known keys: {', '.join(fields)}."
                raise self.error(f"{where}: no such key {key!r}.{hint}")
        hints = _hints(cls)
        values = {}
        for name, field in fields.items():
            if name in data:
                values[name] = self.value(hints[name], data[name], f"{where}.{name}")
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                raise self.error(f"{where}: the key {name!r} is missing.")
        try:
            return cls(**values)
        except CuffsError as problem:
            raise self.error(f"{where}: {problem}") from problem

    def array(self, hint: Any, data: Any, where: str) -> np.ndarray:
        dtype = _dtype(hint)
        try:
            array = np.asarray(data, dtype)
        except (TypeError, ValueError):
            raise self.error(f"{where}: expected numbers of shape ({hint.dim_str}), found {_short(data)}.") from None
        if array.shape != _fixed_shape(hint) and not isinstance(array, hint):
            raise self.error(f"{where}: expected shape ({hint.dim_str}), found {array.shape}.")
        if dtype is np.float64 and not np.isfinite(array).all():
            raise self.error(f"{where}: {int((~np.isfinite(array)).sum())} values are not finite.")
        return array

    def scalar(self, hint: Any, data: Any, where: str) -> Any:
        if hint is float and isinstance(data, (int, float)) and not isinstance(data, bool):
            if not math.isfinite(data):
                raise self.error(f"{where}: {data} is not a finite number.")
            return float(data)
        if hint is Any or (type(data) is hint and hint in (bool, int, str)):
            return data
        expected = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[hint]
        raise self.error(f"{where}: expected {expected}, found {_short(data)}.")


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    """Annotations of a record; finding them takes longer than all else, and a training run reads millions."""
    return typing.get_type_hints(cls)


@functools.cache
def _fields(cls: type) -> dict[str, dataclasses.Field]:
    return {field.name: field for field in dataclasses.fields(cls) if field.init}


@functools.cache
def _form(hint: Any) -> tuple[str, Any]:
    """Which method of the decoder reads a hint, and what it is to be told."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        options = tuple(option for option in args if option is not type(None))
        return "union" if len(options) == len(args) else "optional", options
    if origin is Literal:
        return "literal", args
    if origin in (tuple, list):
        return "sequence", hint
    if origin in (dict, typing.get_origin(Mapping[str, int])):
        return "mapping", args[1]
    if dataclasses.is_dataclass(hint):
        return "record", hint
    return "array" if hasattr(hint, "dim_str") else "scalar", hint


@functools.cache
def _fixed_shape(hint: Any) -> tuple[int, ...] | None:
    """The shape of an array hint whose axes are all numbers: comparing it is quicker than asking jaxtyping."""
    axes = hint.dim_str.split()
    return tuple(int(axis) for axis in axes) if all(axis.isdigit() for axis in axes) else None


@functools.cache
def _dtype(hint: Any) -> type:
    names = " ".join(hint.dtypes) if isinstance(hint.dtypes, (list, tuple)) else ""
    families = {"float": np.float64, "int": np.int64, "bool": np.bool_}
    return next((dtype for family, dtype in families.items() if family in names), np.float64)


def _short(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 60 else text[:57] + "..."
