"""Factor models as text in lavaan's syntax: read into parts, written from cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Literal, NamedTuple

from psychometrics.errors import ModelError
from psychometrics.sem._cells import Cell, Scale

_NAME = r"(?:[^\W\d_]|\.)[\w.]*"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_TERM = re.compile(rf"(?:(?P<number>{_NUMBER})|(?P<label>{_NAME})|\"(?P<quoted>{_NAME})\")\s*\*\s*(?P<name>{_NAME})")
_OPERATOR = re.compile(r":=|==|=~|<~|~\*~|~~|~|\||<|>|:")
_OTHERS = {
    "~": "regressions and intercepts",
    "|": "thresholds",
    ":=": "defined parameters",
    "==": "constraints other than a common label",
    "<": "inequalities",
    ">": "inequalities",
    "<~": "formative factors",
    "~*~": "scaling factors",
    ":": "blocks and levels",
}


class SyntaxModelError(ModelError):
    """A line of a model's text cannot be read, or asks for something that is not supported."""


@dataclass(frozen=True)
class Parameter:
    """What the text says about one loading or covariance; fixed, freed by NA, and label may all be absent."""

    fixed: float | None = None
    freed: bool = False
    label: str | None = None


Pair = tuple[str, str]


@dataclass
class Statements:
    """Loadings by factor and item, covariances by pair, in the order of the text."""

    loadings: dict[str, dict[str, Parameter]] = field(default_factory=dict)
    covariances: dict[Pair, Parameter] = field(default_factory=dict)


class Description(NamedTuple):
    """A model taken apart; see :class:`psychometrics.sem.CfaModel`."""

    form: Literal["correlated", "single", "second_order", "bifactor"]
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    general: str | None
    scale: Scale
    orthogonal: bool
    residual_covariances: tuple[Pair, ...]
    changes: tuple[Cell, ...]


def read(text: str) -> Statements:
    """Read the statements of a text; `#` and `!` start comments, `;` ends a statement as a new line does."""
    found = Statements()
    for number, line in _lines(text):
        operators = _OPERATOR.findall(line)
        for operator in operators:
            if operator in _OTHERS:
                raise SyntaxModelError(
                    f"Line {number}: {operator!r} ({_OTHERS[operator]}) is not supported in {line!r}; use =~ for what "
                    "loads on a factor and ~~ for variances and covariances."
                )
        if len(operators) != 1:
            raise SyntaxModelError(f"Line {number}: {line!r} needs one operator, =~ or ~~.")
        left, right = line.split(operators[0])
        for one in _left_names(left, line, number):
            for other, parameter in _terms(right, line, number):
                _add(found, operators[0], one, other, parameter, number)
    if not found.loadings:
        raise SyntaxModelError("The text names no factor; write for example: f =~ item1 + item2 + item3.")
    return found


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Statements with the number of the line they start on; an operator or a plus at an end joins lines."""
    number, start, held = 0, 1, ""
    for number, raw in enumerate(text.splitlines(), 1):
        for part in re.sub(r"[#!].*", "", raw).split(";"):
            line = part.strip()
            if not line:
                continue
            if held and (re.search(r"[+~*]$", held) or line.startswith(("+", "*"))):
                held = f"{held} {line}"
                continue
            if held:
                yield start, held
            held, start = line, number
    if held:
        yield start, held


def _left_names(left: str, line: str, number: int) -> list[str]:
    """Names before the operator."""
    names = [name.strip() for name in left.split("+")]
    if "" in names:
        raise SyntaxModelError(f"Line {number}: a name is missing before the operator, in {line!r}.")
    if not all(re.fullmatch(_NAME, name) for name in names):
        raise SyntaxModelError(f"Line {number}: {left.strip()!r} is no name, in {line!r}.")
    return names


def _terms(right: str, line: str, number: int) -> Iterator[tuple[str, Parameter]]:
    """Names after the operator, with what is said before the asterisk."""
    for term in re.split(r"(?<!\d[eE])\+(?![^(]*\))", right):
        text = term.strip()
        if re.fullmatch(_NAME, text):
            yield text, Parameter()
            continue
        if not text:
            raise SyntaxModelError(f"Line {number}: a name is missing after the operator or a plus, in {line!r}.")
        match = _TERM.fullmatch(text)
        if match is None:
            what = "Values for each group, start(), equal() and other functions are" if "(" in text else f"{text!r} is"
            raise SyntaxModelError(
                f"Line {number}: {what} not supported in {line!r}; write a name, or a number, NA or a label before an "
                "asterisk: 1*item, NA*item, a*item."
            )
        label = match["label"] or match["quoted"]
        if match["number"]:
            yield match["name"], Parameter(fixed=float(match["number"]))
        else:
            yield match["name"], Parameter(freed=label == "NA", label=None if label == "NA" else label)


def _add(found: Statements, operator: str, one: str, other: str, new: Parameter, number: int) -> None:
    """Add a statement to those before it; several about one parameter are taken together."""
    if operator == "=~":
        held = found.loadings.setdefault(one, {})
        held[other] = _joined(held.get(other), new, f"{one} =~ {other}", number)
        return
    pair = (other, one) if (other, one) in found.covariances else (one, other)
    found.covariances[pair] = _joined(found.covariances.get(pair), new, f"{one} ~~ {other}", number)


def _joined(old: Parameter | None, new: Parameter, name: str, number: int) -> Parameter:
    """Join what two terms say about a parameter."""
    if old is None:
        return new
    both = Parameter(old.fixed if new.fixed is None else new.fixed, old.freed or new.freed, new.label or old.label)
    if both.freed and both.fixed is not None:
        raise SyntaxModelError(f"Line {number}: {name} is both fixed and freed.")
    return both


def describe(found: Statements, scale: Scale, orthogonal: bool) -> Description:
    """Find the form of a model, and what it says beyond that form."""
    factors = {name: tuple(items) for name, items in found.loadings.items()}
    general = _higher(factors)
    lower = tuple((name, items) for name, items in factors.items() if name != general)
    variances = [found.covariances.get((name, name), Parameter()).fixed for name in factors]
    first = [next(iter(items.values())) for items in found.loadings.values()]
    if all(value == 1.0 for value in variances) and all(item.freed and item.label is None for item in first):
        scale = "variance"
    pairs = list(combinations([name for name, _ in lower], 2))
    zero = [_statement_on(found, pair).fixed == 0.0 for pair in pairs]
    plain = Description("correlated", lower, general, scale, orthogonal or (bool(pairs) and all(zero)), (), ())
    if general is not None:
        plain = plain._replace(form="second_order", orthogonal=False)
    elif len(lower) == 1:
        plain = plain._replace(form="single", orthogonal=False)
    elif plain.orthogonal and scale == "variance":
        plain = _bifactor(plain)
    return _with_changes(plain, found)


def _statement_on(found: Statements, pair: Pair) -> Parameter:
    """Find what the text says about a covariance, in either order."""
    return found.covariances.get(pair) or found.covariances.get(pair[::-1]) or Parameter()


def _higher(factors: dict[str, tuple[str, ...]]) -> str | None:
    """Name the second-order factor, on which every other factor loads; None where there is none."""
    over = [name for name, items in factors.items() if any(item in factors for item in items)]
    if not over:
        return None
    others = tuple(name for name in factors if name != over[0])
    if len(over) > 1 or sorted(factors[over[0]]) != sorted(others):
        raise SyntaxModelError(
            f"{', '.join(over)}: one second-order factor is supported, on which every other factor loads and no item."
        )
    return over[0]


def _bifactor(plain: Description) -> Description:
    """Take the first factor for the general one where it holds the items of all others, each of which is on one."""
    (name, items), *rest = plain.factors
    specific = [item for _, own in rest for item in own]
    if list(items) != specific or len(set(specific)) < len(specific):
        return plain
    return plain._replace(form="bifactor", factors=tuple(rest), general=name)


def _with_changes(plain: Description, found: Statements) -> Description:
    """Add what the text says beyond the form: values, labels, freed parameters, residual covariances."""
    factors, changes, residuals = list(found.loadings), [], []
    for name, items in found.loadings.items():
        for place, (item, stated) in enumerate(items.items()):
            kind: Literal["regression", "loading"] = "regression" if item in found.loadings else "loading"
            marker = place == 0 and plain.scale == "marker"
            if marker and stated.label and not stated.freed and stated.fixed is None:
                raise SyntaxModelError(
                    f"{name} =~ {stated.label}*{item}: the first loading is 1, so that its label says nothing; write "
                    f"NA*{item} + {stated.label}*{item} to free it."
                )
            if stated.fixed == 1.0 and marker and stated.label is None:
                continue
            if stated.fixed is not None or stated.label is not None or (marker and stated.freed):
                changes.append(Cell(kind, item, name, stated.fixed, stated.label))
    for (one, other), stated in found.covariances.items():
        known = one in factors, other in factors
        if known[0] != known[1]:
            raise SyntaxModelError(f"{one} ~~ {other}: a factor and an item cannot covary.")
        if known[0]:
            changes += _factor_change(plain, one, other, stated)
        elif one != other and stated.fixed is None and stated.label is None:
            residuals.append((one, other))
        elif one != other or stated.fixed is not None or stated.label is not None:
            changes.append(Cell("residual_covariance", one, other, stated.fixed, stated.label))
    return plain._replace(residual_covariances=tuple(residuals), changes=tuple(changes))


def _factor_change(plain: Description, one: str, other: str, stated: Parameter) -> list[Cell]:
    """Return the covariance of two factors, or the variance of one, where it is not what the form says."""
    if one == other:
        usual = 1.0 if plain.scale == "variance" else None
    else:
        apart = plain.orthogonal or plain.form == "bifactor"
        usual = 0.0 if apart or plain.form == "second_order" else None
    if stated.fixed == usual and stated.label is None:
        return []
    return [Cell("factor_covariance", one, other, stated.fixed, stated.label)]


def write(latent: Sequence[str], cells: Sequence[Cell]) -> str:
    """Write a model's cells as text that lavaan's ``cfa()`` and :func:`read` take for the same model.

    Parameters
    ----------
    latent : sequence of str
    cells : sequence of Cell
        Of continuous items; residual variances that are free and not labelled may be left out.
    """
    for name in {name for cell in cells for name in (cell.row, cell.column)}:
        if not re.fullmatch(_NAME, name) or name == "NA":
            raise SyntaxModelError(f"{name!r} cannot be written in lavaan's syntax; use letters, digits, '.' and '_'.")
    lines = []
    for factor in latent:
        own = [cell for cell in cells if cell.kind in ("loading", "regression") and cell.column == factor]
        lines.append(f"{factor} =~ " + " + ".join(_loading(cell, place == 0) for place, cell in enumerate(own)))
    variances = [cell for cell in cells if cell.kind == "factor_covariance" and cell.row == cell.column]
    lines += [_covariance(cell) for cell in variances if cell.fixed is not None or cell.label]
    taken = {frozenset((cell.row, cell.column)) for cell in cells if cell.kind == "factor_covariance"}
    higher = any(cell.kind == "regression" for cell in cells)
    lines += [
        f"{one} ~~ 0*{other}"
        for one, other in combinations(latent, 2)
        if not higher and frozenset((one, other)) not in taken
    ]
    covariances = [cell for cell in cells if cell.kind == "factor_covariance" and cell.row != cell.column]
    lines += [_covariance(cell) for cell in covariances if higher or cell.fixed is not None or cell.label]
    residual = [cell for cell in cells if cell.kind == "residual_covariance"]
    lines += [_covariance(cell) for cell in residual if cell.row != cell.column or cell.fixed is not None or cell.label]
    return "\n".join(lines)


def _loading(cell: Cell, first: bool) -> str:
    """One term of a factor's line; the first is 1 unless something else is said."""
    if first and cell.fixed == 1.0 and cell.label is None:
        return cell.row
    plain = replace(cell, label=None)
    if first and cell.fixed is None:
        return f"NA*{cell.row}" + (f" + {cell.label}*{cell.row}" if cell.label else "")
    if cell.label and cell.fixed is not None:
        return f"{_prefix(plain)}{cell.row} + {cell.label}*{cell.row}"
    return f"{_prefix(cell)}{cell.row}"


def _covariance(cell: Cell) -> str:
    """One line of a variance or covariance."""
    return f"{cell.row} ~~ {_prefix(cell)}{cell.column}"


def _prefix(cell: Cell) -> str:
    """Value or label with its asterisk."""
    if cell.fixed is not None:
        return f"{cell.fixed!r}*" if cell.fixed != int(cell.fixed) else f"{int(cell.fixed)}*"
    return f"{cell.label}*" if cell.label else ""
