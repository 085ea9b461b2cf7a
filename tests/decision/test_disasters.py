"""What is done to a shop's decisions on purpose loses none that anybody was told of, and none is changed unseen.

The same trials with the promised counts are marked full; bench/ledger.py prints their figures.
"""

import os

import pytest

from bench import ledger as bench
from bench.shared import ledger_trials as trials

full = pytest.mark.full
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked")


@needs_fork
@pytest.mark.parametrize("times", [4, pytest.param(200, marks=[full, pytest.mark.timeout(1800)])])
def test_a_kill_in_the_middle_of_an_approval_loses_none_that_was_told(times):
    with trials.somewhere(quick=False) as place:
        toll = trials.kills(place, times)
    assert (toll.times, toll.lost, toll.halves, toll.broken) == (times, 0, 0, 0)
    assert toll.told > 0


@needs_fork
@pytest.mark.parametrize("at_most", [30, pytest.param(200, marks=full)])
def test_the_same_kills_do_lose_approvals_that_are_told_before_their_commit(at_most):
    lost = 0
    for seed in range(at_most):
        with trials.somewhere(quick=False) as place:
            lost += trials.kills(place, 1, told_early=True, seed=seed).lost
        if lost:
            break
    assert lost > 0


@pytest.mark.parametrize("times", [12, pytest.param(500, marks=[full, pytest.mark.timeout(1800)])])
def test_a_power_cut_loses_no_approval_that_was_told(times):
    toll = trials.power_cuts(times)
    assert (toll.times, toll.lost, toll.halves, toll.broken) == (times, 0, 0, 0)
    assert toll.told > 0


def test_the_same_power_cuts_do_lose_approvals_where_sqlite_does_not_wait_for_the_disk():
    assert trials.power_cuts(4, synchronous="NORMAL").lost > 0


@pytest.mark.parametrize("times", [42, pytest.param(1200, marks=[full, pytest.mark.timeout(1800)])])
def test_every_edit_of_the_file_is_found(times):
    edits = trials.edits(times)
    assert edits.found == edits.made
    assert sum(edits.made.values()) >= times * 5 // 6  # bytes that nobody reads are no edit
    assert min(edits.made.values()) > 0


@needs_fork
@full
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("workers", ["processes", "threads"])
def test_eight_that_approve_at_once_all_succeed(workers):
    waits = bench.at_once(workers, 8, 200)
    assert (waits.errors, waits.rows, waits.whole) == (0, 1600, True)
