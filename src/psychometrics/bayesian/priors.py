"""What is assumed before the answers are seen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Priors:
    """Weakly informative priors of a factor model whose latent responses have residual variance 1.

    Attributes
    ----------
    loading_mean, loading_sd : float
        Normal prior of each loading; 1 on this scale is a standardised loading of ``1 / sqrt(1 + 1) = .71``.
    threshold_sd : float
        Normal prior of the thresholds around 0, in their order, in standard deviations of the latent response
        (``sqrt(1 + loading**2)`` residual ones), whatever the loading. With 1 every distribution of answers over the
        categories is equally likely beforehand.
    extra_degrees : float
        The factor correlations are those of an inverse Wishart matrix with identity scale and this many degrees of
        freedom above the number of factors. With 1 each correlation is uniform from -1 to 1 (Barnard, McCulloch & Meng
        2000, Statistica Sinica 10:1281-1311, section 2.2); more draw them towards 0.

    Examples
    --------
    >>> from psychometrics.bayesian import Priors
    >>> Priors().degrees_of_freedom(8)
    9.0
    """

    loading_mean: float = 0.8
    loading_sd: float = 0.8
    threshold_sd: float = 2.0
    extra_degrees: float = 1.0

    def degrees_of_freedom(self, n_factors: int) -> float:
        """Degrees of freedom of the inverse Wishart matrix."""
        return float(n_factors + self.extra_degrees)
