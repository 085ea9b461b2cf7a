"""The pages of choices: another one judged, and the next split, confirmed by a person."""

import json

import pandas as pd
import pytest

from engine import settings
from engine.decision import ledger
from engine.shop import store
from tests.dashboard.plan_pages import said
from tests.outcome.test_offpolicy_from_plan import planted
from tests.outcome.test_offpolicy_from_shop import shop_of

LOG = pd.DataFrame(
    {"action": ["a", "b"] * 200, "reward": ([1, 0] * 10 + [0, 0] * 30 + [0, 1] * 30 + [0, 0] * 30) * 2,
     "propensity": 0.5}
)  # fmt: skip
POLICY = pd.DataFrame({"action": ["a", "b"], "probability": [0.0, 1.0]})
ARMS = pd.DataFrame(
    {"arm": ["x", "y"] * 5, "date": [f"2026-05-0{1 + k // 2}" for k in range(10)], "shown": 2_000,
     "converted": [20, 40] * 5}
)  # fmt: skip


def csv(frame):
    return frame.to_csv(index=False).encode()


# --- another choice ---


@pytest.fixture(scope="module")
def sends(tmp_path_factory):
    return shop_of(tmp_path_factory.mktemp("another") / "shop").path


def test_another_choice_of_whom_to_write_to_is_judged_on_the_shops_sends(open_app, sends):
    app = open_app(sends, "another")
    text = said(app)
    assert not app.exception
    assert "The other choice would have earned less than what was done." in text, "to nobody"
    assert "From 4,500 messages of 3 campaigns, 2026-02-01 to 2026-04-01" in text
    assert [one.label for one in app.metric] == [
        "What was done", "The other choice", "Difference", "Effective rows", "Never tried here",
    ]  # fmt: skip
    assert app.metric[2].value.startswith("-") and "95 %" in app.metric[2].delta
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)
    assert chart["data"][0]["y"] == ["SNDR", "DR", "DM", "SNIPS", "IPS"]
    app.selectbox(key="another.choice").set_value("recent").run()
    assert app.query_params["choice"] == "recent" and "less than what was done" not in said(app)


def test_a_shop_whose_sends_cannot_tell_says_what_is_lacking(open_app, empty_shop):
    app = open_app(empty_shop, "another", language="zh")
    assert not app.exception
    assert app.info and not app.get("plotly_chart")


def test_another_variant_is_judged_on_the_draws_of_a_plan(open_app, tmp_path):
    app = open_app(planted(tmp_path).path, "another", source="plan")
    assert not app.exception
    app.selectbox(key="another.variant").set_value("everybody:B").run()
    assert "The other choice would have earned more" in said(app)
    assert "From 4,000 customers whom chance drew" in said(app) and app.query_params["variant"] == "everybody:B"
    app.selectbox(key="another.variant").set_value("nobody").run()
    assert "The other choice would have earned less" in said(app)


def test_without_variants_the_page_says_what_makes_a_draw(open_app, empty_shop):
    app = open_app(empty_shop, "another", source="plan", language="zh")
    assert not app.exception and "还没有以多个版本导出的方案" in app.info[0].value


def test_a_log_and_a_policy_of_ones_own_are_judged(open_app, empty_shop):
    app = open_app(empty_shop, "another", source="file")
    assert "Bring two files" in said(app)
    app.file_uploader(key="another.log").upload("log.csv", csv(LOG), "text/csv")
    app.file_uploader(key="another.policy").upload("policy.csv", csv(POLICY), "text/csv").run()
    assert not app.exception
    assert "The other choice would have earned more" in said(app)
    assert app.dataframe[0].value["verdict"].tolist() == ["better"] * 5


def test_too_little_overlap_is_warned_of_before_any_figure(open_app, empty_shop):
    app = open_app(empty_shop, "another", source="file")
    unknown = POLICY.assign(action=["a", "c"], probability=[0.5, 0.5])
    app.file_uploader(key="another.log").upload("log.csv", csv(LOG), "text/csv")
    app.file_uploader(key="another.policy").upload("policy.csv", csv(unknown), "text/csv").run()
    assert "50.0 % of what the other choice would do was never tried here" in app.warning[0].value
    assert "No verdict" in said(app)
    assert [one.label for one in app.metric] == ["What was done", "Effective rows", "Never tried here"]
    [apart] = [one for one in app.expander if one.label == "Estimates that answer nothing"]
    assert not apart.proto.expanded and len(apart.dataframe) == 1 and "nor by how much it differs" in said(app)


def test_a_log_without_propensities_is_refused_in_a_sentence(open_app, empty_shop):
    app = open_app(empty_shop, "another", source="file", language="zh")
    app.file_uploader(key="another.log").upload("log.csv", csv(LOG.drop(columns="propensity")), "text/csv")
    app.file_uploader(key="another.policy").upload("policy.csv", csv(POLICY), "text/csv").run()
    assert not app.exception
    assert "缺少 propensity 列" in app.error[0].value


# --- the next split ---


@pytest.fixture
def ads(tmp_path):
    made = store.create_shop(tmp_path / "ads", {"name": "Tea"})
    table = ARMS.rename(columns={"arm": "ad_id", "shown": "impressions", "converted": "conversions"})
    table = table.assign(date=pd.to_datetime(table["date"]), clicks=100.0, channel="search")
    store.save_tables(made, {"ads": table})
    return made.path


def test_the_next_split_is_proposed_and_a_person_confirms_it(open_app, ads):
    app = open_app(ads, "next_split")
    assert not app.exception
    assert "One stands out" in said(app) and "y is the best with a chance of >99 %" in said(app)
    assert app.metric[0].value == "+0", "shown evenly so far"
    shares = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [one["name"] for one in shares] == ["Share so far", "Next share"]
    assert app.button(key="next_split.confirm").disabled, "without a reason"
    app.text_input(key="next_split.reason").set_value("y wins").run()
    app.button(key="next_split.confirm").click().run()
    assert "Confirmed: entry 1" in app.success[0].value
    assert "Confirmed last by" in said(app) and "y 95.0%" in said(app)
    (entry,) = ledger.entries(ads, store.open_shop(ads).shop_id, settings.read().config)
    assert entry.action == "split_confirmed" and entry.payload["propensities"]["x"] == pytest.approx(0.05, abs=1e-3)


def test_shares_and_delay_can_be_said_and_are_there_again(open_app, ads):
    app = open_app(ads, "next_split")
    app.number_input(key="next_split.least").set_value(20.0)
    app.number_input(key="next_split.delay").set_value(3.0).run()
    assert app.dataframe[0].value["share"].tolist() == pytest.approx([0.2, 0.8], abs=1e-3)
    assert "3.0 days after showing on average, as you said" in said(app)
    app.switch_page("views/settings.py").run()
    app.switch_page("views/next_split.py").run()
    assert app.number_input(key="next_split.least").value == 20.0


@pytest.mark.parametrize("source", ["ads", "variants", "file"])
def test_where_there_is_nothing_to_split_it_says_what_to_bring(open_app, empty_shop, source):
    app = open_app(empty_shop, "next_split", source=source)
    assert not app.exception
    assert app.info and not app.get("plotly_chart") and not [one for one in app.button if "confirm" in str(one.key)]


def test_with_money_in_every_row_profit_is_maximised_and_named(open_app, empty_shop):
    app = open_app(empty_shop, "next_split", source="file")
    frame = ARMS.assign(cost=[10.0, 100.0] * 5, value=ARMS["converted"] * 2.0)
    app.file_uploader(key="next_split.file").upload("arms.csv", csv(frame), "text/csv").run()
    assert not app.exception
    assert "expected profit per showing" in said(app) and "x is the best" in said(app)
    assert app.metric[0].label == "Profit above an even split"
    assert app.dataframe[0].value["profit"].tolist() == pytest.approx([15.0, -10.0], abs=1.0)


def test_a_file_of_arms_is_split_and_a_wrong_one_refused(open_app, empty_shop):
    app = open_app(empty_shop, "next_split", source="file")
    app.file_uploader(key="next_split.file").upload("arms.csv", csv(ARMS), "text/csv").run()
    assert "One stands out" in said(app)
    app.file_uploader(key="next_split.file").upload("arms.csv", csv(ARMS.assign(converted=-1)), "text/csv").run()
    assert "arms.csv row 2: converted is “-1”" in app.error[0].value
