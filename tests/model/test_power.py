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


@pytest.mark.parametrize(("rate", "people"), [(0.05, 1_800), (0.02, 5_000), (0.3, 100)])
def test_enough_held_out_is_the_smallest_number_that_shows_twice_the_rate(rate, people):
    enough = power.enough_held_out(rate, people)
    assert power.detectable(rate, people - enough, enough) <= rate
    assert power.detectable(rate, people - enough + 1, enough - 1) > rate


def test_with_few_people_no_number_held_out_is_enough():
    assert power.enough_held_out(0.05, 42) is None
    assert power.enough_held_out(0.05, 0) is None
    assert power.enough_held_out(0.0, 10_000) is None
