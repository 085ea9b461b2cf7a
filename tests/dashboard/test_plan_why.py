"""Why this many, on the Numbers tab: of the plan, of one customer, of the audience against everyone."""

import json
import re
import shutil

import pytest

from engine.campaign.plan import Audience
from engine.shop import store
from tests.dashboard.plan_pages import said, saved_plan
from tests.tiny import trained


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("shops") / "golden").path


@pytest.fixture
def shop(template, tmp_path):
    return store.open_shop(shutil.copytree(template, tmp_path / "golden")).path


@pytest.fixture
def why(open_app, shop):
    """why("zh", whom="group"): the view of the reasons of a plan for those who ordered twice, by its address."""

    def open_(language="en", **address):
        saved_plan(shop, audience=Audience(rule="orders >= 2"))
        app = open_app(shop, "today", language)
        for name, value in {"plan": "spring", "tab": "numbers", "view": "why", **address}.items():
            app.query_params[name] = value
        return app.switch_page("views/plan.py").run()

    return open_


def bars(app) -> tuple[list[str], list[str]]:
    """Labels and texts of the waterfall's steps."""
    spec = json.loads(app.get("plotly_chart")[-1].proto.spec)
    return spec["layout"]["yaxis"]["ticktext"], spec["data"][0]["text"]


def add_up(app) -> tuple[int, int]:
    """The points of the steps, and what the page says they come to."""
    _, texts = bars(app)
    return sum(int(text) for text in texts[1:-1]), int(re.search(r"([+-]\d+) points, the sum", said(app)).group(1))


@pytest.mark.parametrize(("target", "metric"), [("order", "Order rate"), ("click", "Click rate")])
def test_the_steps_end_at_the_rate_above_and_add_up(why, target, metric):
    app = why()
    app.button_group(key="numbers.target").set_value(target).run()
    labels, texts = bars(app)
    assert (labels[0], labels[-1]) == ("typical past message", "this plan")
    above = next(one.value for one in app.metric if one.label == metric)
    last = float(texts[-1].removesuffix(" %"))
    assert last == pytest.approx(float(above.removesuffix(" %")), abs=0.051)
    assert f"That is the {metric} above." in said(app)
    found, told = add_up(app)
    assert found == told
    assert "A typical past message: " in said(app) and "not proof of a cause" in said(app)


def test_what_would_come_without_the_message_is_explained_too(why):
    app = why()
    app.button_group(key="numbers.target").set_value("anyway").run()
    assert bars(app)[0][0] == "typical, not written to"
    assert "discount" not in bars(app)[0], "nobody sees an offer who is not written to"
    assert "above." not in said(app)


def test_examples_of_customers_come_from_the_most_to_the_least_likely(why):
    app = why()
    app.button_group(key="numbers.whom").set_value("customer").run()
    chances = []
    for example in ("most", "typical", "least"):
        app.button_group(key="numbers.example").set_value(example).run()
        labels, texts = bars(app)
        assert labels[-1] == "this customer" and "spread of customers" not in labels
        assert add_up(app)[0] == add_up(app)[1]
        chances.append(float(texts[-1].removesuffix(" %")))
    assert chances == sorted(chances, reverse=True) and chances[0] > chances[2]


def test_a_customer_is_found_by_id_and_a_wrong_id_is_refused_in_words(why):
    app = why()
    app.button_group(key="numbers.whom").set_value("customer").run()
    app.button_group(key="numbers.example").set_value("most").run()
    known = re.search(r"Customer (\S+)", said(app)).group(1)
    app.button_group(key="numbers.example").set_value("typed").run()
    assert not app.get("plotly_chart"), "nobody is named yet"
    app.text_input(key="numbers.customer").set_value(f" {known} ").run()
    assert f"Customer {known}" in said(app) and bars(app)[0][-1] == "this customer"
    app.text_input(key="numbers.customer").set_value("c$999").run()
    assert "Customer c$999 is not among the " in said(app)
    assert "Higher chance" not in said(app)


def test_the_audience_is_told_against_everyone(why):
    app = why()
    app.button_group(key="numbers.whom").set_value("group").run()
    labels, _ = bars(app)
    assert (labels[0], labels[-1]) == ("all it could reach", "this audience")
    assert "among all customers" in said(app)
    assert add_up(app)[0] == add_up(app)[1]


@pytest.mark.parametrize("whom", ["plan", "customer", "group"])
def test_reasons_are_said_in_chinese(why, whom):
    app = why("zh", whom=whom)
    assert "并不证明因果" in said(app)
    labels, _ = bars(app)
    assert all(re.search(r"[\u4e00-\u9fff]", label) for label in labels if label not in ("tier", "theme"))
