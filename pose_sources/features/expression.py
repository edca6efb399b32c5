"""A small language for restricting poses: arithmetic, comparisons, and, or and not over named features.

    crouched and (left_hand_open > 0.5 or right_hand_open > 0.5)
    min(left_hand_above_shoulder_m, right_hand_above_shoulder_m) > 0.1

It is Python's grammar read by Python's parser, and walked here: nothing is ever executed that isn't listed below.
"""

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

import numpy as np

from cuffs.errors import ConfigError

MAX_LENGTH: Final = 1000
MAX_DEPTH: Final = 40

_BINARY: Final[Mapping[type, Callable]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
}  # fmt: skip
_COMPARED: Final[Mapping[type, Callable]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
    ast.Eq: operator.eq, ast.NotEq: operator.ne,
}  # fmt: skip
_FUNCTIONS: Final[Mapping[str, Callable]] = {"min": np.minimum, "max": np.maximum, "abs": np.abs}

ALLOWED: Final = "names of features, numbers, + - *, < <= > >= == !=, and, or, not, min, max, abs and brackets"

Values = Mapping[str, np.ndarray]
_Value = np.ndarray | np.generic | float
_Step = Callable[[Values], _Value]


@dataclass(frozen=True, slots=True, eq=False)
class Expression:
    """A condition that was read and checked."""

    text: str
    names: frozenset[str]
    """The features it needs."""

    _step: _Step

    def holds(self, features: Values) -> np.ndarray:
        """Where it is true: everything but 0 is.

        Args:
            features: at least those in `names`, arrays of one length.
        """
        length = len(next(iter(features.values())))
        return np.broadcast_to(np.asarray(self._step(features)) != 0, (length,))


def parse_expression(text: str, known: Mapping[str, str], *, where: str) -> Expression:
    """Read a condition.

    Args:
        text: as in a recipe.
        known: the features, by name.
        where: the recipe's key, for messages.

    Raises:
        ConfigError: if it is not of this language, names an unknown feature, or is too long or too deeply nested.
    """
    if len(text) > MAX_LENGTH:
        raise ConfigError(f"{where} has {len(text)} characters; {MAX_LENGTH} are allowed.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        reason = problem.msg if isinstance(problem, SyntaxError) else str(problem)
        raise ConfigError(f"{where}: {text!r} can't be read ({reason}). It takes {ALLOWED}.") from None
    reader = _Reader(known, where, set())
    step = reader.read(tree.body, 0)
    return Expression(text, frozenset(reader.used), step)


@dataclass(frozen=True, slots=True, eq=False)
class _Reader:
    known: Mapping[str, str]
    where: str
    used: set[str]

    def read(self, node: ast.expr, depth: int) -> _Step:
        """What computes a part of the expression."""
        if depth > MAX_DEPTH:
            raise ConfigError(f"{self.where} is nested deeper than {MAX_DEPTH} levels.")
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            return self._name(node.id)
        if isinstance(node, ast.BoolOp):
            return self._joined(node, depth)
        if isinstance(node, ast.UnaryOp):
            return self._turned(node, depth)
        if isinstance(node, ast.BinOp) and type(node.op) in _BINARY:
            return _both(_BINARY[type(node.op)], self.read(node.left, depth + 1), self.read(node.right, depth + 1))
        if isinstance(node, ast.Compare):
            return self._compared(node, depth)
        if isinstance(node, ast.Call):
            return self._called(node, depth)
        raise self._refused(ast.unparse(node))

    def _number(self, node: ast.Constant) -> _Step:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not -1e9 < value < 1e9:
            raise self._refused(repr(value)[:50])
        number = float(value)
        return lambda _: number

    def _name(self, name: str) -> _Step:
        if name not in self.known:
            near = get_close_matches(name, self.known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known features: {', '.join(self.known)}."
            raise ConfigError(f"{self.where}: no such feature {name!r}.{hint}")
        self.used.add(name)
        return lambda features: features[name]

    def _joined(self, node: ast.BoolOp, depth: int) -> _Step:
        parts = [self.read(part, depth + 1) for part in node.values]
        join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
        step = parts[0]
        for part in parts[1:]:
            step = _both(join, step, part)
        return step

    def _turned(self, node: ast.UnaryOp, depth: int) -> _Step:
        inner = self.read(node.operand, depth + 1)
        if isinstance(node.op, ast.Not):
            return lambda features: np.logical_not(inner(features))
        if isinstance(node.op, ast.USub):
            return lambda features: -_as_number(inner(features))
        raise self._refused(ast.unparse(node))

    def _compared(self, node: ast.Compare, depth: int) -> _Step:
        """`a < b < c` means both."""
        sides = [self.read(side, depth + 1) for side in (node.left, *node.comparators)]
        steps = []
        for number, sign in enumerate(node.ops):
            if type(sign) not in _COMPARED:
                raise self._refused(ast.unparse(node))
            steps.append(_both(_COMPARED[type(sign)], sides[number], sides[number + 1]))
        step = steps[0]
        for other in steps[1:]:
            step = _both(np.logical_and, step, other)
        return step

    def _called(self, node: ast.Call, depth: int) -> _Step:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        count_fits = len(node.args) == 1 if name == "abs" else len(node.args) >= 2
        if name not in _FUNCTIONS or node.keywords or not count_fits:
            raise self._refused(ast.unparse(node))
        parts = [self.read(part, depth + 1) for part in node.args]
        if name == "abs":
            return lambda features: np.abs(_as_number(parts[0](features)))
        step = parts[0]
        for part in parts[1:]:
            step = _both(_FUNCTIONS[name], step, part)
        return step

    def _refused(self, part: str) -> ConfigError:
        return ConfigError(f"{self.where}: {part!r} isn't part of the language. It takes {ALLOWED}.")


def _both(compute: Callable, left: _Step, right: _Step) -> _Step:
    return lambda features: compute(_as_number(left(features)), _as_number(right(features)))


def _as_number(value: _Value) -> np.ndarray:
    """Truth as 1 and 0, so that minus and plus mean what they say."""
    return np.asarray(value, float)
