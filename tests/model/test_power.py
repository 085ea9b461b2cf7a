"""How much a test can show."""

import numpy as np
import pytest

from engine.model import power


def test_people_per_arm_is_lehrs_rule():
    # Lehr (1992): 16 p (1 - p) / d^2; from 10 % to 15 % with p = 12.5 %
    assert power.people_per_arm(0.125, 0.05) == pytest.approx(700)


def test_without_a_holdout_nothing_can_be_seen():
    assert power.detectable(0.05, 1_000, 0) is None


def test_a_larger_holdout_sees_smaller_differences():
    assert power.detectable(0.05, 1_600, 400) < power.detectable(0.05, 1_800, 200)


def test_a_difference_of_the_detectable_size_is_seen_in_about_four_of_five_tests():
    rate, written, held = 0.10, 4_000, 1_000
    difference = power.detectable(rate, written, held)
    random = np.random.default_rng(0)
    treated = random.binomial(written, rate + difference, 4_000) / written
    control = random.binomial(held, rate, 4_000) / held
    pooled = (treated * written + control * held) / (written + held)
    z = (treated - control) / np.sqrt(pooled * (1 - pooled) * (1 / written + 1 / held))
    assert 0.74 < (z > 1.96).mean() < 0.86
