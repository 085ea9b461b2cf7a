import json

import pytest

from dashboard import widgets
from engine.outcome.experiments.example import example, example_people
from engine.shop import store


@pytest.fixture
def page(open_app):
    """page(look, language): the page without any shop; a test's file needs none."""

    def open_(look="results", language="en"):
        app = open_app(None, "experiments", language, look=look)
        assert not app.exception
        return app

    return open_


def test_without_a_file_the_page_says_what_to_bring(page, words):
    app = page()
    assert app.title[0].value == "Experiments"
    assert "Upload a file of tests" in words(app)
    assert not app.dataframe


def test_the_example_shows_every_verdict_with_its_reason(page, words):
    app = page()
    app.toggle(key="experiments.example_counts").set_value(True).run()
    assert not app.exception
    assert app.dataframe[0].value["verdict"].tolist() == [
        "", "Won", "", "Inconclusive", "Lost", "", "No difference worth having", "", "Inconclusive", "Invalid",
        "Invalid",
    ]  # fmt: skip
    assert "1 of 5 variants won, 1 lost; tests compared: 4" in [one.value for one in app.subheader]
    assert sum(int(card.value) for card in app.metric) == 5
    assert "1 of 5 tests" in app.warning[0].value
    assert "21 days from 2026-03-02" in words(app)
    app.selectbox(key="experiments.test").set_value("fast-checkout").run()
    assert "Groups came out uneven" in words(app)


def test_the_charts_hold_the_lifts_and_the_evidence_of_the_chosen_test(page):
    app = page()
    app.toggle(key="experiments.example_counts").set_value(True).run()
    lifts, evidence = (json.loads(one.proto.spec) for one in app.get("plotly_chart"))
    assert {trace["name"] for trace in lifts["data"]} == {
        "Won", "Lost", "No difference worth having", "Inconclusive", "Invalid",
    }  # fmt: skip
    assert [trace["name"] for trace in evidence["data"]] == ["green"]
    app.selectbox(key="experiments.test").set_value("free-shipping-bar").run()
    evidence = json.loads(app.get("plotly_chart")[1].proto.spec)
    assert [trace["name"] for trace in evidence["data"]] == ["top", "bottom"]


def test_long_names_leave_the_variant_to_be_read_and_the_whole_on_hover(page):
    app = page()
    tests = ["51436069220cb800020005ae", "51436069220cb800020005bd"]
    arms = [f"{test},{arm},2000,{done}" for test in tests for arm, done in (("arm1", 60), ("arm2", 90), ("arm3", 61))]
    content = "\n".join(["experiment_id,variant,visitors,conversions", *arms]).encode()
    app.file_uploader(key="experiments.file").upload("tests.csv", content).run()
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)
    labels = drawn["layout"]["yaxis"]["ticktext"]
    assert len(set(labels)) == 4 and [label.rpartition(": ")[2] for label in labels] == ["arm2", "arm3"] * 2
    assert max(len(label) for label in labels) <= 24
    won = next(trace for trace in drawn["data"] if trace["name"] == "Won")
    assert [row[:2] for row in won["customdata"]] == [[test, "arm2"] for test in tests]
    assert "%{customdata[0]}: %{customdata[1]}" in won["hovertemplate"]


def test_where_no_test_is_invalid_nothing_is_said_of_it(page):
    app = page()
    content = b"experiment_id,variant,visitors,conversions\n01,control,100000,5000\n01,b,100000,5010\n"
    app.file_uploader(key="experiments.file").upload("tests.csv", content).run()
    assert app.subheader[0].value == "0 of 1 variants won, 0 lost; tests compared: 1"
    assert not app.warning


def test_a_file_is_read_and_the_smallest_lift_is_the_users(page, words):
    app = page()
    content = b"experiment_id,variant,visitors,conversions\n01,control,100000,5000\n01,*b*,100000,5010\n"
    app.file_uploader(key="experiments.file").upload("my tests.csv", content).run()
    assert not app.exception
    assert app.dataframe[0].value["verdict"].tolist() == ["", "No difference worth having"]
    app.number_input(key="experiments.smallest").set_value(1.0).run()
    assert app.dataframe[0].value["verdict"].tolist() == ["", "Inconclusive"]
    assert r"\*b\*" in words(app)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"experiment_id,variant,visitors,conversions\n", "has a header and no rows"),
        (b"experiment_id,arm\n1,a\n", "lacks variant, visitors, conversions"),
        (b"\x00\x01", ""),
    ],
)
def test_a_bad_file_is_answered_in_a_sentence(page, content, said):
    app = page()
    app.file_uploader(key="experiments.file").upload("tests.csv", content).run()
    assert not app.exception
    assert said in app.error[0].value and app.error[0].value


def test_a_file_with_a_row_per_person_shows_money_and_groups_with_their_numbers(page, words):
    app = page()
    content = example_people().to_csv(index=False).encode()
    app.file_uploader(key="experiments.file").upload("people.csv", content).run()
    assert not app.exception
    _, money, groups = (json.loads(one.proto.spec) for one in app.get("plotly_chart"))
    assert money["data"][0]["customdata"] == ["plain · letter", "adjusted · letter", "capped · letter"]
    assert "money as in the file" in money["layout"]["xaxis"]["title"]["text"]
    assert len(groups["data"][0]["x"]) == 3 and "of the variance went with it" in words(app)
    assert "control 4,073" in words(app) and "worked better for some groups than for others" in words(app)
    of_money, of_groups, _ = (one.value for one in app.dataframe)
    assert of_money["people"].tolist() == [3_927] * 3 and of_money["cap"].tolist()[:2] == ["–", "–"]
    assert set(of_groups["group"]) == {"new", "returning", "regular"}


def test_money_is_in_the_currency_of_the_open_shop(open_app, empty_shop):
    app = open_app(empty_shop, "experiments")
    app.toggle(key="experiments.example_people").set_value(True).run()
    assert not app.exception
    money = json.loads(app.get("plotly_chart")[1].proto.spec)
    currency = store.open_shop(empty_shop).settings.currency
    assert currency and f"({currency})" in money["layout"]["xaxis"]["title"]["text"]
    assert app.dataframe[0].value["difference"].iloc[0] == widgets.money(2.283, currency, 2)


def test_a_bad_row_of_a_person_is_said_with_its_row_and_no_numbers_are_drawn_from_it(page, words):
    app = page()
    content = b"variant,customer_id,revenue\ncontrol,c1,5\ncontrol,c2,0\nb,c3,free\nb,c4,7\n"
    app.file_uploader(key="experiments.file").upload("people.csv", content).run()
    assert not app.exception
    assert app.dataframe[0].value["verdict"].tolist() == ["Invalid", "Invalid"]
    assert 'Row 4: revenue is "free"' in words(app).replace("\\", "")


def test_a_file_with_one_bad_test_shows_the_others(page):
    app = page()
    content = b"experiment_id,variant,visitors,conversions\nx,a,0,0\n,b,5,9\ny,control,1000,50\ny,b,1000,90\n"
    app.file_uploader(key="experiments.file").upload("tests.csv", content).run()
    assert not app.exception
    assert app.dataframe[0].value["verdict"].tolist() == ["Invalid", "Invalid", "", "Won"]


def test_the_planner_answers_what_is_typed(page, words):
    app = page("plan")
    assert "53,211 visitors in each of 2 variants" in [one.value for one in app.subheader]
    for name, value in (("base", 5.0), ("daily", 5_000.0), ("audience", 400_000.0), ("value", 9.0), ("cost", 100.0)):
        app.number_input(key=f"experiments.{name}").set_value(value).run()
    assert not app.exception
    assert "31,234 visitors in each of 2 variants" in [one.value for one in app.subheader]
    assert "That takes 13 days" in words(app) and "Worth testing" in words(app)
    assert len(json.loads(app.get("plotly_chart")[0].proto.spec)["data"]) == 2


def test_what_cannot_be_planned_is_said_in_a_sentence(page):
    app = page("plan")
    app.number_input(key="experiments.base").set_value(60.0).run()
    app.number_input(key="experiments.lift").set_value(90.0).run()
    assert not app.exception
    assert "the raised rate must stay below 1" in app.error[0].value


def test_people_are_spoken_of_in_chinese(page, words):
    app = page(language="zh")
    app.toggle(key="experiments.example_people").set_value(True).run()
    assert not app.exception
    assert "扣除实验前的消费后" in words(app) and "against" not in words(app)


@pytest.mark.parametrize("look", ["results", "plan"])
def test_the_page_speaks_chinese(page, words, look):
    app = page(look, "zh")
    if look == "results":
        app.toggle(key="experiments.example_counts").set_value(True).run()
        assert "胜出" in app.dataframe[0].value["verdict"].tolist()
    assert not app.exception
    assert app.title[0].value == "实验"
    assert "visitors" not in words(app)


def test_the_example_is_the_same_every_time():
    assert example().equals(example()) and len(example()) == 11 * 21
