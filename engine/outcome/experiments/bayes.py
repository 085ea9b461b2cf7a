"""How likely each arm is the best one: conversion rates as Beta posteriors, from a uniform prior (Beta(1, 1))."""

import numpy as np
from scipy import special

# Log odds are nearly normal: points in standard deviations around their mean.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_REACH = 8.0
_FINE = np.concatenate([[-12, -10], np.linspace(-8, 8, 321), [10, 12]])
_ALIKE = 2.5  # up to this ratio of widths 48 points over one posterior see the steps of another


def best(conversions: np.ndarray, visitors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chance to be the best, and what is expected to be lost by choosing an arm (a rate), for tests of k arms each.

    conversions, visitors: tests x k.
    """
    a, b = conversions + 1.0, visitors - conversions + 1.0
    chance, highest = highest_of(a, b)
    return chance, np.maximum(highest[:, None] - a / (a + b), 0)


def highest_of(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chance of each rate to be the highest, tests x k, and the mean of the highest, per test. a, b: of their Betas.

    By quadrature, so that the same numbers give the same answer.
    """
    middle = special.digamma(a) - special.digamma(b)
    spread = np.sqrt(special.polygamma(1, a) + special.polygamma(1, b))
    chance, highest = _over_each(a, b, middle, spread)
    unlike = np.flatnonzero(spread.max(axis=1) > _ALIKE * spread.min(axis=1))
    for test in unlike:  # one by one: there are few
        one = slice(test, test + 1)
        chance[one], highest[one] = _over_all(a[one], b[one], middle[one], spread[one])
    return chance / chance.sum(axis=1, keepdims=True), highest


def _over_each(a: np.ndarray, b: np.ndarray, middle: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each arm's density times the others' distribution functions, over its own posterior (Gauss and Legendre)."""
    odds = middle[..., None] + _REACH * spread[..., None] * _NODES  # tests x k x nodes
    rates = special.expit(odds)
    # Density in log odds: x^a (1 - x)^b / B(a, b).
    logs = -a[..., None] * np.logaddexp(0, -odds) - b[..., None] * np.logaddexp(0, odds)
    mass = np.exp(logs - special.betaln(a, b)[..., None]) * _WEIGHTS * _REACH * spread[..., None]
    mass /= mass.sum(axis=-1, keepdims=True)
    chance, highest = np.empty(a.shape), np.zeros(len(a))
    for arm in range(a.shape[1]):
        won = mass[:, arm]
        for other in range(a.shape[1]):
            if other != arm:
                won = won * special.betainc(a[:, other, None], b[:, other, None], rates[:, arm])
        chance[:, arm] = won.sum(axis=-1)
        highest += (won * rates[:, arm]).sum(axis=-1)
    return chance, highest


def _over_all(a: np.ndarray, b: np.ndarray, middle: np.ndarray, spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same from distribution functions alone, on all arms' points together: narrow posteriors beside wide."""
    odds = middle[..., None] + spread[..., None] * _FINE
    rates = np.sort(special.expit(odds).reshape(len(a), -1), axis=1)
    below = special.betainc(a[..., None], b[..., None], rates[:, None, :])  # tests x k x points
    chance = np.empty(a.shape)
    for arm in range(a.shape[1]):
        others = np.delete(below, arm, axis=1).prod(axis=1)
        chance[:, arm] = ((others[:, 1:] + others[:, :-1]) / 2 * np.diff(below[:, arm])).sum(axis=1)
    above = 1 - below.prod(axis=1)
    return chance, rates[:, 0] + ((above[:, 1:] + above[:, :-1]) / 2 * np.diff(rates)).sum(axis=1)
