"""Customers unlike anyone ever written to are seen, in what the order model looks at and in nothing else."""

import json

import numpy as np
import pandas as pd
import pytest

from engine.campaign import likeness
from engine.campaign.likeness import Likeness
from engine.model.encode import learn
from engine.model.fit import Affine, Response


def customers(random: np.random.Generator, count: int, recency: float = 3.0) -> pd.DataFrame:
    """Recency decides for the model below, shoe size does not; nobody's tier is "new"."""
    return pd.DataFrame(
        {
            "recency_days|log": random.normal(recency, 0.5, count),
            "frequency|log": random.normal(1.0, 0.3, count),
            "shoe": random.normal(40.0, 2.0, count),
            "tier": random.choice(["gold", "silver"], count),
        }
    )


@pytest.fixture(scope="module")
def like() -> Likeness:
    features = customers(np.random.default_rng(0), 5_000)
    encoder = learn(features, np.ones(len(features)), {})
    weight = {"recency_days|log": 1.0, "frequency|log": 0.4, "shoe": 0.0, "tier=gold": 0.3, "tier=silver": -0.3}
    order = Response("linear", encoder, 0.0, np.array([weight[c] for c in encoder.columns]), None, Affine())
    return likeness.learn(features, order, 0)


def test_customers_like_those_written_to_are_found_alike(like):
    assert like.alike(customers(np.random.default_rng(1), 2_000)).mean() > 0.97


def test_customers_who_have_not_ordered_for_much_longer_are_not(like):
    strangers = customers(np.random.default_rng(1), 500, recency=7.0)
    assert like.alike(strangers).mean() < 0.02
    assert like.strangest(strangers)[0] == "recency_days"


def test_what_the_model_makes_nothing_of_makes_nobody_strange(like):
    people = customers(np.random.default_rng(1), 2_000).assign(shoe=90.0)
    assert like.alike(people).mean() > 0.97


def test_a_number_that_was_always_known_is_strange_where_it_is_not(like):
    people = customers(np.random.default_rng(1), 500).assign(**{"recency_days|log": np.nan})
    assert like.alike(people).mean() < 0.1


def test_it_is_stored_and_read_back_the_same(like):
    again = Likeness.from_json(json.loads(json.dumps(like.to_json())))
    people = customers(np.random.default_rng(2), 300, recency=4.0)
    assert (again.alike(people) == like.alike(people)).mean() > 0.99


def test_too_few_messages_tell_nothing_of_likeness():
    features = customers(np.random.default_rng(0), likeness.MIN_ROWS - 1)
    order = Response("linear", learn(features, np.ones(len(features)), {}), 0.0, np.zeros(5), None, Affine())
    assert likeness.learn(features, order, 0) is None
