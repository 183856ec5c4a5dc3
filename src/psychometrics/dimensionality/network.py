"""Exploratory graph analysis: communities in a network of partial correlations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from psychometrics._correlations import Correlation, Missing, correlation_matrix, regular_roots

_WALK_LENGTH = 4
_PENALTIES = 50
_SMALLEST_PENALTY = 0.1
_ADDED_ITEMS, _ADDED_CORRELATION = 4, 0.5
_NO_EDGE = 1e-8


@dataclass(frozen=True)
class ExploratoryGraphAnalysis:
    """Communities of items in a regularised network.

    Attributes
    ----------
    n_factors : int
        Communities of two items or more.
    communities : Series of shape (n_items,)
        Number of each item's community from 1, in the order of the items; 0 for an item without edges.
    network : DataFrame of shape (n_items, n_items)
        Regularised partial correlations, zero diagonal.
    penalty, gamma : float
        Penalty chosen by the extended Bayesian information criterion, and that criterion's gamma.
    unidimensional : bool
        Whether the check for one dimension decided.
    correlation, missing : str
        Settings.
    n_persons : int
        Persons after deletion.
    notes : tuple of str
        What a reader has to know.
    """

    n_factors: int
    communities: pd.Series
    network: pd.DataFrame
    penalty: float
    gamma: float
    unidimensional: bool
    correlation: str
    missing: str
    n_persons: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row an item: its community and the strength of its edges."""
        return pd.DataFrame({"community": self.communities, "strength": self.network.abs().sum()})


def exploratory_graph_analysis(
    responses: pd.DataFrame,
    correlation: Correlation = "pearson",
    missing: Missing = "listwise",
    gamma: float = 0.5,
) -> ExploratoryGraphAnalysis:
    r"""Exploratory graph analysis.

    A graphical lasso is fitted along 50 penalties, from the one that removes every edge down to a tenth of it;
    the extended Bayesian information criterion :math:`-2L + E \log n + 4 E \gamma \log p` picks one. Edges are
    the partial correlations :math:`-\kappa_{ij}/\sqrt{\kappa_{ii}\kappa_{jj}}`; communities come from random
    walks of four steps over their absolute values. Since walks seldom report a single community, four
    items that correlate .5 among themselves and zero with the rest are added first: if at most two
    communities show, there is one dimension.

    Parameters
    ----------
    responses : DataFrame of shape (n_persons, n_items)
        Numeric answers, NaN missing.
    correlation : {"pearson", "spearman", "polychoric"}
        Kind of correlation.
    missing : {"listwise", "pairwise"}
        Persons with every answer, or pairs over the persons who answered both.
    gamma : float
        Preference for sparse networks, 0 to 1.

    Returns
    -------
    ExploratoryGraphAnalysis

    Raises
    ------
    SingularMatrixError
        The correlation matrix is not positive definite.
    InputShapeError, CodingError, ConstantItemError, TooFewPersonsError
        Responses that no correlation is defined for.

    See Also
    --------
    retain_factors, walktrap

    References
    ----------
    Golino, H. F., & Epskamp, S. (2017). Exploratory graph analysis. PLoS ONE, 12, e0174035. Golino, H., et al.
    (2020). Investigating the performance of exploratory graph analysis and traditional techniques.
    Psychological Methods, 25, 292-320 (the check for one dimension). Foygel, R., & Drton, M. (2010). Extended
    Bayesian information criteria for Gaussian graphical models, eq. 4. Pons, P., & Latapy, M. (2006).
    Computing communities in large networks using random walks. Journal of Graph Algorithms and Applications,
    10, 191-218.

    Notes
    -----
    Validated against ``glasso::glasso`` (network) and ``igraph::cluster_walktrap`` (communities).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> draw = np.random.default_rng(1)
    >>> trait = draw.normal(size=(200, 1))
    >>> codes = np.clip(np.rint(3 + trait + draw.normal(size=(200, 6))), 1, 5)
    >>> answers = pd.DataFrame(codes, columns=list("abcdef"))
    >>> from psychometrics.dimensionality import exploratory_graph_analysis
    >>> exploratory_graph_analysis(answers).n_factors
    1
    """
    matrix, n_persons = correlation_matrix(responses, correlation, missing)
    regular_roots(matrix)
    values = matrix.to_numpy()
    penalties, fits = _path(values)
    network, penalty, settled = _best(values, penalties, fits, n_persons, gamma)
    unidimensional = _is_unidimensional(values, penalties, fits, n_persons, gamma)
    membership = np.ones(len(values), dtype=int) if unidimensional else _numbered(walktrap(np.abs(network)))
    notes = () if settled else ("the graphical lasso did not settle for some penalties; those were left out",)
    return ExploratoryGraphAnalysis(
        n_factors=int(membership.max()),
        communities=pd.Series(membership, index=matrix.columns, name="community"),
        network=pd.DataFrame(network, index=matrix.columns, columns=matrix.columns),
        penalty=penalty,
        gamma=gamma,
        unidimensional=unidimensional,
        correlation=correlation,
        missing=missing,
        n_persons=n_persons,
        notes=notes,
    )


def _path(matrix: np.ndarray) -> tuple[np.ndarray, list[np.ndarray | None]]:
    """Return the penalties and the sparse inverse under each."""
    largest = np.abs(matrix - np.diag(np.diag(matrix))).max()
    penalties = np.exp(np.linspace(np.log(largest), np.log(_SMALLEST_PENALTY * largest), _PENALTIES))
    return penalties, [_graphical_lasso(matrix, float(penalty)) for penalty in penalties]


def _best(
    matrix: np.ndarray, penalties: np.ndarray, fits: list[np.ndarray | None], n_persons: int, gamma: float
) -> tuple[np.ndarray, float, bool]:
    """Return the network of least information criterion, its penalty, and whether every fit settled."""
    scores = [np.inf if fit is None else _ebic(matrix, fit, n_persons, gamma) for fit in fits]
    best = int(np.argmin(scores))
    precision = fits[best]
    if precision is None:
        return np.zeros_like(matrix), float(penalties[best]), False
    scale = np.sqrt(np.diag(precision))
    network = np.where(np.abs(precision) > _NO_EDGE, -precision / np.outer(scale, scale), 0.0)
    np.fill_diagonal(network, 0.0)
    return network, float(penalties[best]), all(fit is not None for fit in fits)


def walktrap(weights: np.ndarray, steps: int = _WALK_LENGTH) -> np.ndarray:
    """Communities of a weighted network by random walks, cut where modularity is largest.

    Parameters
    ----------
    weights : ndarray of shape (n_nodes, n_nodes)
        Symmetric, not negative, zero diagonal.
    steps : int
        Length of the walks.

    Returns
    -------
    ndarray of shape (n_nodes,)
        A label for each node; nodes without edges have labels of their own.

    See Also
    --------
    exploratory_graph_analysis

    References
    ----------
    Pons, P., & Latapy, M. (2006). Journal of Graph Algorithms and Applications, 10, 191-218, sections 3 and 4.

    Notes
    -----
    Validated against ``igraph::cluster_walktrap``.

    Examples
    --------
    >>> from psychometrics.dimensionality import walktrap
    >>> import numpy as np
    >>> block = np.ones((3, 3)) - np.eye(3)
    >>> network = np.block([[block, np.zeros((3, 3))], [np.zeros((3, 3)), block]])
    >>> len(set(walktrap(network).tolist()))
    2
    """
    labels = np.arange(len(weights))
    best, best_modularity = labels.copy(), _modularity(weights, labels)
    profiles = dict(enumerate(_walk_profiles(weights, steps)))
    while (pair := _closest_neighbours(weights, labels, profiles)) is not None:
        first, second = pair
        sizes = np.sum(labels == first), np.sum(labels == second)
        profiles[first] = (sizes[0] * profiles[first] + sizes[1] * profiles.pop(second)) / sum(sizes)
        labels = np.where(labels == second, first, labels)
        modularity = _modularity(weights, labels)
        if modularity > best_modularity:
            best, best_modularity = labels.copy(), modularity
    return best


def _graphical_lasso(matrix: np.ndarray, penalty: float) -> np.ndarray | None:
    """Return the sparse inverse under one penalty, None when the search did not settle."""
    from sklearn.covariance import graphical_lasso
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            precision: np.ndarray = graphical_lasso(matrix, penalty, tol=1e-4, max_iter=200)[1]
        except (ConvergenceWarning, FloatingPointError):
            return None
    return precision


def _ebic(matrix: np.ndarray, precision: np.ndarray, n_persons: int, gamma: float) -> float:
    """Return the extended Bayesian information criterion of a sparse inverse."""
    edges = np.sum(np.abs(precision[np.triu_indices(len(precision), k=1)]) > _NO_EDGE)
    log_likelihood = n_persons / 2 * (np.linalg.slogdet(precision)[1] - np.sum(matrix * precision))
    return float(-2 * log_likelihood + edges * np.log(n_persons) + 4 * edges * gamma * np.log(len(matrix)))


def _is_unidimensional(
    matrix: np.ndarray, penalties: np.ndarray, fits: list[np.ndarray | None], n_persons: int, gamma: float
) -> bool:
    """Tell whether the items stay together when a block of other items stands beside them.

    Blocks that do not correlate have separate graphical lassos, so that the fits at hand serve again.
    """
    block = np.full((_ADDED_ITEMS, _ADDED_ITEMS), _ADDED_CORRELATION)
    np.fill_diagonal(block, 1.0)
    widened = [
        None if fit is None else _block_diagonal(fit, _equal_block_inverse(float(penalty)))
        for penalty, fit in zip(penalties, fits, strict=True)
    ]
    network, _, _ = _best(_block_diagonal(matrix, block), penalties, widened, n_persons, gamma)
    return int(_numbered(walktrap(np.abs(network))).max()) <= 2


def _equal_block_inverse(penalty: float) -> np.ndarray:
    """Return the graphical lasso of the added items: equal correlations shrunken by the penalty."""
    shrunken = np.full((_ADDED_ITEMS, _ADDED_ITEMS), max(_ADDED_CORRELATION - penalty, 0.0))
    np.fill_diagonal(shrunken, 1.0)
    inverted: np.ndarray = np.linalg.inv(shrunken)
    return inverted


def _block_diagonal(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return two matrices as blocks of one."""
    size = len(first)
    joined = np.zeros((size + len(second), size + len(second)))
    joined[:size, :size], joined[size:, size:] = first, second
    return joined


def _numbered(labels: np.ndarray) -> np.ndarray:
    """Give communities numbers from 1 in the order of their first item, and single items 0."""
    numbers: dict[int, int] = {}
    found, counts = np.unique(labels, return_counts=True)
    shared = set(found[counts > 1].tolist())
    for label in labels.tolist():
        if label in shared:
            numbers.setdefault(label, len(numbers) + 1)
    return np.array([numbers.get(label, 0) for label in labels.tolist()])


def _walk_profiles(weights: np.ndarray, steps: int) -> np.ndarray:
    """Return where walks from each node end, scaled so that Euclidean distance is the walks' distance."""
    degrees = np.sum(weights > 0, axis=1)
    loops = np.where(degrees > 0, weights.sum(axis=1) / np.maximum(degrees, 1), 1.0)
    looped = weights + np.diag(loops)
    strength = looped.sum(axis=1)
    ends = np.linalg.matrix_power(looped / strength[:, None], steps)
    profiles: np.ndarray = ends / np.sqrt(strength)
    return profiles


def _closest_neighbours(
    weights: np.ndarray, labels: np.ndarray, profiles: dict[int, np.ndarray]
) -> tuple[int, int] | None:
    """Return the joined pair of communities whose merger adds least to the squared distances within."""
    names = sorted(profiles)
    member = np.array([labels == name for name in names], dtype=float)
    joined = np.triu(member @ weights @ member.T > 0, k=1)
    if not joined.any():
        return None
    sizes = member.sum(axis=1)
    centres = np.array([profiles[name] for name in names])
    distances = np.sum((centres[:, None, :] - centres[None, :, :]) ** 2, axis=2)
    cost = np.where(joined, distances * np.outer(sizes, sizes) / np.add.outer(sizes, sizes), np.inf)
    first, second = np.unravel_index(np.argmin(cost), cost.shape)
    return names[int(first)], names[int(second)]


def _modularity(weights: np.ndarray, labels: np.ndarray) -> float:
    """Return Newman's modularity of a partition."""
    total = weights.sum()
    if total == 0:
        return 0.0
    strength = weights.sum(axis=1)
    together = labels[:, None] == labels[None, :]
    return float(np.sum((weights - np.outer(strength, strength) / total)[together]) / total)
