"""Factor models as data: which item loads on which factor, and what is fixed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from psychometrics.errors import ModelError
from psychometrics.sem import _syntax
from psychometrics.sem._cells import Cell, Scale


@dataclass(frozen=True)
class CfaModel:
    """A confirmatory factor model.

    Build it with :meth:`correlated`, :meth:`single`, :meth:`second_order` or :meth:`bifactor`, or write it in lavaan's
    syntax (:meth:`from_syntax`).

    Attributes
    ----------
    form : {"correlated", "single", "second_order", "bifactor"}
    factors : tuple of (str, tuple of str)
        Each factor with its items, in order.
    general : str or None
        Name of the second-order or of the general factor.
    scale : {"marker", "variance"}
        Whether each factor takes its unit from its first item's loading of 1, or has variance 1.
    orthogonal : bool
        Whether the factors are held uncorrelated.
    residual_covariances : tuple of (str, str)
        Pairs of items whose residuals may covary.
    changes : tuple of Cell
        Parameters that are not as the form has them: fixed at a value, free, labelled, or added.
    """

    form: Literal["correlated", "single", "second_order", "bifactor"]
    factors: tuple[tuple[str, tuple[str, ...]], ...]
    general: str | None = None
    scale: Scale = "marker"
    orthogonal: bool = False
    residual_covariances: tuple[tuple[str, str], ...] = ()
    changes: tuple[Cell, ...] = ()

    @classmethod
    def from_syntax(cls, text: str, *, scale: Scale = "marker", orthogonal: bool = False) -> CfaModel:
        """Read a model from lavaan's syntax.

        ``f =~ a + b + c`` says what loads on a factor (items, or factors on one second-order factor), ``a ~~ b`` lets
        residuals or factors covary. Before an asterisk stand a value (``0.5*a``, ``f ~~ 1*f``), ``NA`` to free the
        first loading, or a label; parameters of one label are equal, in all groups. ``#`` and ``!`` start comments.

        Parameters
        ----------
        text : str
        scale : {"marker", "variance"}
            Unit of the factors where the text does not say it, as lavaan's ``std.lv``.
        orthogonal : bool
            Hold the factor covariances at zero, as lavaan's ``orthogonal``.

        Returns
        -------
        CfaModel
            Of the form that the text describes: a factor of all items beside uncorrelated others with unit variance is
            a bifactor model.

        Raises
        ------
        ModelError
            A line that cannot be read or asks for what is not supported (regressions, intercepts, thresholds,
            constraints, values for each group), with its number; or a model that is not well formed.

        Examples
        --------
        >>> from psychometrics.sem import CfaModel
        >>> model = CfaModel.from_syntax('''
        ...     calm =~ a + b + c    # the first loading is 1
        ...     open =~ d + e + f
        ...     a ~~ d
        ... ''')
        >>> model.form, model.factors[0], model.residual_covariances
        ('correlated', ('calm', ('a', 'b', 'c')), (('a', 'd'),))
        """
        if scale not in ("marker", "variance"):
            raise ModelError(f"scale={scale!r} is unknown; use 'marker' or 'variance'.")
        model = _checked(cls(*_syntax.describe(_syntax.read(text), scale, orthogonal)))
        changed = {cell.key for cell in model.changes}
        return replace(model, changes=tuple(cell for cell in model.cells(ordered=False) if cell.key in changed))

    def to_syntax(self) -> str:
        """Write the model in lavaan's syntax.

        Returns
        -------
        str
            :meth:`from_syntax` reads it back as an equal model, and lavaan's ``cfa()`` fits the same model.

        Raises
        ------
        ModelError
            A name that lavaan's syntax cannot hold.

        Examples
        --------
        >>> from psychometrics.sem import CfaModel
        >>> print(CfaModel.correlated({"calm": ["a", "b"], "open": ["c", "d"]}, orthogonal=True).to_syntax())
        calm =~ a + b
        open =~ c + d
        calm ~~ 0*open
        """
        return _syntax.write(self.latent, self.cells(ordered=False))

    @classmethod
    def correlated(
        cls,
        factors: Mapping[str, Sequence[str]],
        *,
        scale: Scale = "marker",
        orthogonal: bool = False,
        residual_covariances: Iterable[tuple[str, str]] = (),
    ) -> CfaModel:
        """Factors that covary freely, each with its own items.

        Parameters
        ----------
        factors : mapping of str to sequence of str
            Items of each factor; an item may load on several.
        scale : {"marker", "variance"}
            Unit of the factors.
        orthogonal : bool
            Hold the factor covariances at zero.
        residual_covariances : iterable of (str, str)
            Pairs of items whose residuals may covary.

        Returns
        -------
        CfaModel

        Raises
        ------
        ModelError
            A factor with fewer than two items, an item twice on a factor, or a residual covariance of unknown items.

        Examples
        --------
        >>> from psychometrics.sem import CfaModel
        >>> model = CfaModel.correlated({"calm": ["a", "b", "c"], "open": ["d", "e", "f"]})
        >>> model.latent, len(model.items)
        (('calm', 'open'), 6)
        """
        pairs = tuple((one, other) for one, other in residual_covariances)
        return _checked(cls("correlated", _frozen(factors), None, scale, orthogonal, pairs))

    @classmethod
    def single(
        cls,
        items: Sequence[str],
        name: str = "g",
        *,
        scale: Scale = "marker",
        residual_covariances: Iterable[tuple[str, str]] = (),
    ) -> CfaModel:
        """One factor behind all items.

        Parameters
        ----------
        items : sequence of str
        name : str
            Name of the factor.
        scale, residual_covariances
            As in :meth:`correlated`.

        Returns
        -------
        CfaModel

        Examples
        --------
        >>> from psychometrics.sem import CfaModel
        >>> CfaModel.single(["a", "b", "c"]).latent
        ('g',)
        """
        pairs = tuple((one, other) for one, other in residual_covariances)
        return _checked(cls("single", _frozen({name: items}), None, scale, False, pairs))

    @classmethod
    def second_order(
        cls,
        factors: Mapping[str, Sequence[str]],
        general: str = "g",
        *,
        scale: Scale = "marker",
        residual_covariances: Iterable[tuple[str, str]] = (),
    ) -> CfaModel:
        """Factors whose correlations come from one higher factor (Schmid & Leiman 1957).

        Parameters
        ----------
        factors : mapping of str to sequence of str
            Three at least.
        general : str
            Name of the second-order factor.
        scale, residual_covariances
            As in :meth:`correlated`.

        Returns
        -------
        CfaModel

        Examples
        --------
        >>> from psychometrics.sem import CfaModel
        >>> CfaModel.second_order({"x": ["a", "b"], "y": ["c", "d"], "z": ["e", "f"]}).latent
        ('x', 'y', 'z', 'g')
        """
        pairs = tuple((one, other) for one, other in residual_covariances)
        return _checked(cls("second_order", _frozen(factors), general, scale, False, pairs))

    @classmethod
    def bifactor(
        cls,
        factors: Mapping[str, Sequence[str]],
        general: str = "g",
        *,
        residual_covariances: Iterable[tuple[str, str]] = (),
    ) -> CfaModel:
        """One general factor of all items beside a specific factor for each group, all uncorrelated.

        Factors have variance 1 (Reise 2012).

        Parameters
        ----------
        factors : mapping of str to sequence of str
            Items of each specific factor.
        general : str
            Name of the general factor.
        residual_covariances
            As in :meth:`correlated`.

        Returns
        -------
        CfaModel

        Examples
        --------
        >>> from psychometrics.sem import CfaModel
        >>> CfaModel.bifactor({"x": ["a", "b", "c"], "y": ["d", "e", "f"]}).latent
        ('g', 'x', 'y')
        """
        pairs = tuple((one, other) for one, other in residual_covariances)
        return _checked(cls("bifactor", _frozen(factors), general, "variance", True, pairs))

    @property
    def items(self) -> tuple[str, ...]:
        """All items, in the order in which the factors name them."""
        return tuple(dict.fromkeys(item for _, items in self.factors for item in items))

    @property
    def latent(self) -> tuple[str, ...]:
        """All factors: the general factor comes first in a bifactor and last in a second-order model."""
        names = tuple(name for name, _ in self.factors)
        if self.general is None:
            return names
        return (self.general, *names) if self.form == "bifactor" else (*names, self.general)

    def loadings_of(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Items of every factor that items load on."""
        if self.form == "bifactor" and self.general is not None:
            return ((self.general, self.items), *self.factors)
        return self.factors

    def cells(self, ordered: bool, means: bool = False) -> tuple[Cell, ...]:
        """All non-zero entries of the model matrices.

        Parameters
        ----------
        ordered : bool
            Residual variances of ordinal items are fixed by their unit variance and are no parameters.
        means : bool
            Whether the item intercepts are parameters.

        Returns
        -------
        tuple of Cell
        """
        cells = [*self._loading_cells(), *self._second_order_cells(), *self._factor_cells()]
        if not ordered:
            cells += [Cell("residual_covariance", item, item) for item in self.items]
        cells += [Cell("residual_covariance", one, other) for one, other in self.residual_covariances]
        if means:
            cells += [Cell("intercept", item, item) for item in self.items]
        found = {cell.key: cell for cell in cells}
        for cell in self.changes:
            # What is changed keeps its place and the order of its names; what is new comes last.
            known = found.get(cell.key, cell)
            found[cell.key] = Cell(cell.kind, known.row, known.column, cell.fixed, cell.label)
        return tuple(found.values())

    def _marker(self, place: int) -> float | None:
        """Find the fixed value of a factor's loading at some place."""
        return 1.0 if self.scale == "marker" and place == 0 else None

    def _loading_cells(self) -> list[Cell]:
        """List the loadings of the items."""
        return [
            Cell("loading", item, factor, self._marker(place))
            for factor, items in self.loadings_of()
            for place, item in enumerate(items)
        ]

    def _second_order_cells(self) -> list[Cell]:
        """List the loadings of the factors on a second-order factor."""
        if self.form != "second_order" or self.general is None:
            return []
        names = [name for name, _ in self.factors]
        return [Cell("regression", name, self.general, self._marker(k)) for k, name in enumerate(names)]

    def _factor_cells(self) -> list[Cell]:
        """List the variances and covariances of the factors."""
        unit = 1.0 if self.scale == "variance" else None
        variances = [Cell("factor_covariance", name, name, unit) for name in self.latent]
        if self.orthogonal or self.form != "correlated":
            return variances
        names = self.latent
        pairs = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
        return variances + [Cell("factor_covariance", one, other) for one, other in pairs]


def _frozen(factors: Mapping[str, Sequence[str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Factors and items as tuples of text."""
    return tuple((str(name), tuple(str(item) for item in items)) for name, items in factors.items())


def _checked(model: CfaModel) -> CfaModel:
    """Return the model, or raise a named error that says what to change."""
    if not model.factors:
        raise ModelError("The model has no factor. Name at least one factor with its items.")
    for name, items in model.factors:
        _check_factor(name, items)
    if len(set(model.latent)) < len(model.latent):
        raise ModelError(f"Factor names repeat: {', '.join(model.latent)}. Give the general factor its own name.")
    clash = sorted(set(model.latent) & set(model.items))
    if clash:
        raise ModelError(f"{', '.join(clash)} names both a factor and an item. Rename the factor.")
    if model.form == "second_order" and len(model.factors) < 3:
        raise ModelError(
            f"A second-order factor needs three factors at least to be identified; there are {len(model.factors)}."
        )
    for cell in model.changes:
        names = {cell.row, cell.column} - set(model.items) - set(model.latent)
        if names:
            raise ModelError(f"{', '.join(sorted(names))} is neither a factor nor an item of the model.")
    for one, other in model.residual_covariances:
        unknown = [item for item in (one, other) if item not in model.items]
        if unknown or one == other:
            raise ModelError(f"The residual covariance {one} with {other} must name two different items of the model.")
    return model


def _check_factor(name: str, items: tuple[str, ...]) -> None:
    """Refuse a factor without two different items."""
    repeated = sorted({item for item in items if items.count(item) > 1})
    if repeated:
        raise ModelError(f"Factor {name} lists {', '.join(repeated)} more than once.")
    if len(items) < 2:
        raise ModelError(
            f"Factor {name} has {len(items)} item{'' if len(items) == 1 else 's'}; it is not identified. "
            "Give it three items or more (two only when it correlates with other factors), or drop it."
        )
