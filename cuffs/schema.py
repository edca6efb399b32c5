"""The annotation's definition in words: the README's table is made from the docstrings of the Sample records."""

import ast
import dataclasses
import inspect
import sys
import textwrap
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from cuffs.records import Sample

START, END = "<!-- schema: made by `python -m cuffs.schema`, checked by a test -->", "<!-- /schema -->"


def rows(record: type = Sample, prefix: str = "") -> Iterator[tuple[str, str, str]]:
    """Every field of a record and of the records within: path, type, meaning."""
    meanings = field_docstrings(record)
    hints = typing.get_type_hints(record)
    for field in dataclasses.fields(record):
        path = f"{prefix}{field.name}"
        inner, repeated = _inner_record(hints[field.name])
        yield path + ("[]" if repeated else ""), type_text(hints[field.name]), meanings.get(field.name, "")
        if inner is not None:
            yield from rows(inner, f"{path}{'[]' if repeated else ''}.")


def field_docstrings(record: type) -> dict[str, str]:
    """The text below each field of a dataclass, on one line."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(record))).body[0]
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for node, after in zip(tree.body, tree.body[1:], strict=False):
        is_text = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_text:
            found[node.target.id] = " ".join(str(after.value.value).split())  # pyright: ignore
    return found


def type_text(hint: Any) -> str:
    """An annotation in a reader's words: "[55][3] number | null"."""
    options = typing.get_args(hint)
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return " | ".join("null" if option is type(None) else type_text(option) for option in options)
    if hasattr(hint, "dim_str"):
        kind = "true/false" if "bool" in str(hint.dtypes) else "number"
        return "".join(f"[{size}]" for size in hint.dim_str.split()) + f" {kind}"
    if origin is tuple:
        return (
            f"[{len(options)}] {type_text(options[0])}"
            if options[-1] is not Ellipsis
            else f"[…] {type_text(options[0])}"
        )
    names = {int: "whole number", float: "number", str: "text", bool: "true/false", np.ndarray: "numbers"}
    return names.get(hint, "object")


def _inner_record(hint: Any) -> tuple[type | None, bool]:
    for option in (hint, *typing.get_args(hint)):
        if dataclasses.is_dataclass(option) and isinstance(option, type):
            return option, typing.get_origin(hint) is tuple
    return None, False


def markdown() -> str:
    """The README's table."""
    lines = ["| field | type | meaning |", "|---|---|---|"]
    lines += [f"| `{path}` | {kind.replace('|', 'or')} | {meaning} |" for path, kind, meaning in rows()]
    return "\n".join(lines)


def with_table(readme: str) -> str:
    """The README with its table made anew."""
    before, rest = readme.split(START)
    return f"{before}{START}\n{markdown()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "README.md")
    path.write_text(with_table(path.read_text()))
