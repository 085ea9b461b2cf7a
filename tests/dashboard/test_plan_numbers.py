"""The Numbers tab: the forecast, and sliders that move all of it without saving anything."""

import ast
import json
import operator
import re
from types import SimpleNamespace

import pandas as pd
import plotly.graph_objects as go
import pytest

from dashboard import charts, printed
from dashboard.views.plan_tabs import discount, forecasting
from engine.campaign.plan import Audience, Offer, Step
from engine.decision import plans
from engine.sentences import say
from engine.shop import store
from tests.dashboard.plan_pages import NOW, approved, page_of, resize, said, saved_plan, stored


def numbers(app) -> dict[str, str]:
    """The metrics on the page by label."""
    return {metric.label: metric.value for metric in app.metric}


def move(app, key: str, value: object) -> None:
    """A slider or list at another value. The move draws three fragments; the second run shows the whole page again."""
    widget = app.slider if any(one.key == key for one in app.slider) else app.selectbox
    widget(key=key).set_value(value).run()
    assert not app.exception
    app.run()


def test_the_forecast_says_what_how_sure_and_from_what(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    text = said(app)
    assert set(numbers(app)) == {"Extra profit", "Return", "Extra orders", "Orders", "Click rate", "Order rate"}
    assert all(value != "–" for value in numbers(app).values())
    assert all(metric.delta.startswith("80 %:") for metric in app.metric), "every number has its range"
    for words in (
        "chance of loss",
        "people held out of",
        "orders within 7 days",
        "learned from",
        "campaigns up to 2026",
        "What matters most: ",
        "of our last 10 forecasts of orders",
        "landed in the range.",
    ):
        assert words in text


def test_sliders_move_the_numbers_and_save_nothing(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    before, version = numbers(app), stored(trained_shop).version
    resize(app, 30)
    after = numbers(app)
    assert after["Extra profit"] != before["Extra profit"]
    assert after["Order rate"] != before["Order rate"]
    move(app, "numbers.audience_share", 50)
    assert int(numbers(app)["Orders"]) < int(after["Orders"])
    assert "Only tried, not saved." in said(app)
    assert stored(trained_shop).version == version
    assert stored(trained_shop).plan.offer.discount == 0.15


def test_the_sizes_on_the_slider_hold_the_plans_own():
    assert discount.sizes(Offer(kind="percent", discount=0.125, code="X"), "percent")[11:14] == (0.12, 0.125, 0.13)
    assert discount.sizes(Offer(kind="amount", discount=7.5, code="X"), "amount")[-3:] == (28.0, 29.0, 30.0)
    assert 7.5 in discount.sizes(Offer(kind="amount", discount=7.5, code="X"), "amount")
    assert discount.sizes(Offer(kind="free_shipping", code="X"), "amount")[-1] == 20.0


def test_settings_in_the_address_are_tried_and_nonsense_there_is_left_out(open_app, trained_shop):
    saved_plan(trained_shop)
    app = open_app(trained_shop, "today", "en")
    app.query_params["plan"], app.query_params["tab"] = "spring", "numbers"
    app.query_params["try"] = ["percent:20", "send_hour:18", "channel:fax", "holdout:999", "amount:x", "wings:2", ""]
    app.switch_page("views/plan.py").run()
    assert "Only tried, not saved." in said(app)
    tried = {name: app.session_state[f"numbers.{name}"] for name in ("percent", "send_hour", "channel", "holdout")}
    assert tried == {"percent": 20, "send_hour": 18, "channel": "email", "holdout": 10}
    assert app.query_params["try"] == ["percent:20", "send_hour:18"]
    app.button(key="numbers.reset").click().run()
    assert "try" not in app.query_params
    assert app.session_state["numbers.percent"] == 15


def test_settings_that_please_are_written_into_the_plan(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    resize(app, 20)
    move(app, "numbers.channel", "sms")
    app.button(key="numbers.use").click().run()
    plan = stored(trained_shop).plan
    assert (plan.offer.discount, plan.channel) == (0.2, "sms")
    assert "as it is saved" in said(app)


def test_the_sliders_go_back_to_the_plan(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    resize(app, 25)
    app.button(key="numbers.reset").click().run()
    assert app.session_state["numbers.percent"] == 15


def test_what_was_never_tried_gets_no_money_and_the_nearest_that_was(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    resize(app, 50)
    assert numbers(app)["Extra profit"] == "–"
    assert numbers(app)["Click rate"] != "–"
    text = said(app)
    assert "never tried here" in text
    assert "nearest is 30 %" in text


def test_profit_and_return_run_over_the_discount_with_their_ranges(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    named = [{trace["name"] for trace in json.loads(chart.proto.spec)["data"]} for chart in app.get("plotly_chart")]
    both = {"never tried here", "80 % range", "these settings"}
    assert named == [both | {"Extra profit, in USD"}, both | {"Return (extra profit / spent)"}]


def test_another_kind_of_offer_can_be_tried(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    move(app, "numbers.kind", "none")
    assert "has no size to move here" in said(app)
    assert stored(trained_shop).plan.offer.kind == "percent"
    app.button(key="numbers.use").click().run()
    offer = stored(trained_shop).plan.offer
    assert (offer.kind, offer.discount, offer.code) == ("none", None, None)


def test_a_minimum_spend_that_was_never_asked_for_gets_no_money(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    move(app, "numbers.min_spend", 100.0)
    assert numbers(app)["Extra profit"] == "–"
    assert "A minimum spend was never asked for" in said(app)


def test_a_higher_minimum_spend_within_what_was_tried_gives_less_away(open_app, trained_shop):
    saved_plan(trained_shop, offer=Offer(kind="amount", discount=15, min_spend=100, code="TEN"))
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("all").run()
    before = given_away(app)
    move(app, "numbers.min_spend", 120.0)
    assert given_away(app) < before


def given_away(app) -> float:
    table = app.dataframe[0].value.set_index("what")["value"]
    return float(table["Given away"].replace("$", "").replace(",", ""))


def test_the_holdout_says_what_it_will_be_able_to_show(open_app, trained_shop):
    saved_plan(trained_shop, audience=Audience(rule="orders >= 0"), holdout=0.2)
    app = page_of(open_app, trained_shop, "numbers")
    assert "you will only see a difference above" in said(app)
    move(app, "numbers.holdout", 1)
    assert "too few to measure by: even twice as many orders could be chance. With" in said(app)
    move(app, "numbers.holdout", 0)
    assert "Nobody is left out on purpose" in said(app)


def test_an_audience_too_small_to_measure_is_said_to_be_so(open_app, trained_shop):
    saved_plan(trained_shop, audience=Audience(rule="orders >= 12"), holdout=0.2)
    for language, words in (("en", "people no difference could be seen"), ("zh", "即使订单翻倍也看不出差别")):
        assert words in said(page_of(open_app, trained_shop, "numbers", language=language))


def test_an_audience_that_nobody_can_reach_has_a_verdict_and_a_reason_and_no_crash(open_app, trained_shop):
    opened = store.open_shop(trained_shop)
    without = opened.table("customers").query("sms_consent == 0")["customer_id"]
    nobody = Audience(customer_ids=without.tolist()[:412])
    saved_plan(trained_shop, audience=nobody, steps=[Step(channel="sms")])
    app = page_of(open_app, trained_shop, "numbers")
    text = said(app)
    assert re.search(r"Nobody in this audience can be reached by SMS: of 412, .*\d+ gave no consent\.", text)
    assert "do not send" in text
    assert set(numbers(app).values()) == {"–"}
    assert "nan" not in text.lower()
    for view in ("argue", "compare", "why", "all"):
        app.segmented_control(key="numbers.view").set_value(view).run()
        assert not app.exception, view
    assert "nan" not in said(app).lower()


def test_rates_without_money_say_why_the_money_is_missing(open_app, trained_shop):
    saved_plan(trained_shop, offer=Offer(kind="percent", discount=0.5, code="X"))
    assert "Only rates are shown and no money, for what it would earn is not known: 50 % off was never" in said(
        page_of(open_app, trained_shop, "numbers")
    )


def test_parts_of_the_orders_add_up(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    anyway, orders, extra = re.search(
        r"(\d+) of the (\d+) orders would have come anyway, (\d+) are extra", said(app)
    ).groups()
    assert int(anyway) + int(extra) == int(orders)
    assert (numbers(app)["Orders"], numbers(app)["Extra orders"]) == (orders, extra)
    app.segmented_control(key="numbers.view").set_value("all").run()
    table = app.dataframe[0].value.set_index("what")["value"]
    assert (table["Orders"], table["Extra orders"], table["Would buy anyway"]) == (orders, extra, anyway)


@pytest.mark.parametrize(
    ("verdict", "loss", "words"),
    [
        ("likely_pays", 0.08, "loses money in 8 % of cases"),
        ("coin_toss", 0.46, "about as likely to lose money as to earn: 46 % chance of loss"),
        ("coin_toss", 0.23, "may earn or lose money: 23 % chance of loss"),
    ],
)
def test_a_verdict_carries_its_chance_of_loss(verdict, loss, words):
    made = SimpleNamespace(verdict=verdict, chance_of_loss=loss)
    assert forecasting.likelihood_of_loss(made) == words


def test_the_table_for_the_argument_starts_with_nothing_and_full_price(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("argue").run()
    table = argument(app)
    assert list(table.index) == ["Send nothing", "Full price", "10 %", "15 %", "20 %"]
    assert table.loc["Send nothing", "Extra profit"] == "$0"
    assert "to" in table.loc["10 %", "Extra profit"]
    app.text_input(key="numbers.sizes_percent").set_value("5, 25, 50").run()
    table = argument(app)
    assert list(table.index)[2:] == ["5 %", "25 %", "50 %"]
    assert table.loc["50 %", "Verdict"] == "never tried here"
    assert "nearest is 30 %" in said(app)


def argument(app) -> pd.DataFrame:
    return app.table[0].value.map(lambda cell: cell.replace("\\", ""))


@pytest.mark.parametrize("text", ["ten", "", "0", "120", "1,2,3,4,5,6,7,8,9"])
def test_sizes_that_are_none_are_said(open_app, trained_shop, text):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("argue").run()
    app.text_input(key="numbers.sizes_percent").set_value(text).run()
    assert "is not a list of one to 8 sizes" in said(app)


def test_the_printed_page_holds_the_table_and_escapes_names():
    table = pd.DataFrame({"Option": ["<b>10 %</b>"], "Extra profit": ["$5"]})
    content = printed.page("Spring <script>", "E-mail", table, ["a & b"]).decode()
    assert "<script>" not in content and "<b>10" not in content
    assert "$5" in content and "a &amp; b" in content


def test_plans_stand_side_by_side(open_app, trained_shop):
    saved_plan(trained_shop)
    saved_plan(trained_shop, "other", name="Other", offer=Offer(kind="percent", discount=0.1))
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("compare").run()
    assert list(app.table[0].value.columns) == ["1 · Spring (these settings)", "2 · Other"]
    chart = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    assert chart["y"] == ["1 · Spring (these settings)", "2 · Other"]


def test_an_address_says_which_plans_stand_beside_and_at_most_four_do(open_app, trained_shop):
    for number, name in enumerate(("spring", "b", "c", "d", "e")):
        saved_plan(trained_shop, name, name=name.title(), offer=Offer(kind="percent", discount=0.1 + number / 100))
    app = open_app(trained_shop, "today", "en")
    app.query_params.update({"plan": "spring", "tab": "numbers", "view": "compare"})
    app.query_params["with"] = ["b", "nobody", "d", "e", "c"]
    app.switch_page("views/plan.py").run()
    shown = list(app.table[0].value.columns)
    assert shown == ["1 · Spring (these settings)", "2 · B", "3 · D", "4 · E"]
    app.multiselect(key="numbers.others").set_value(["c"]).run()
    assert app.query_params["with"] == "c"


def test_alone_there_is_nothing_to_compare_with(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("compare").run()
    assert "no other plan" in said(app)
    app.button_group(key="numbers.compare_with").set_value("drafts").run()
    assert "no drafts" in said(app)


def test_a_plan_of_two_messages_says_what_it_assumes(open_app, trained_shop):
    saved_plan(trained_shop)
    plan = stored(trained_shop).plan
    later = Step(day=4, channel="email", condition="stop_if_bought")
    plans.save(trained_shop, plan.model_copy(update={"steps": [*plan.steps, later]}), {}, 1, NOW)
    app = page_of(open_app, trained_shop, "numbers")
    assert "Assumed for 2 messages" in said(app)
    app.button_group(key="numbers.view").set_value("why").run()
    app.button_group(key="numbers.message").set_value(1).run()
    assert "not proof of a cause" in said(app)


def test_every_figure_can_be_seen_with_its_range(open_app, trained_shop):
    saved_plan(trained_shop, offer=Offer(kind="spend_save", tiers=[(50, 5), (100, 15)]))
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("all").run()
    table = app.dataframe[0].value
    assert "Would buy anyway" in set(table["what"])
    assert not said(app).count("problem")


def test_the_list_of_plans_shows_the_verdict_that_was_seen(open_app, trained_shop):
    saved_plan(trained_shop)
    page_of(open_app, trained_shop, "numbers")
    verdict = stored(trained_shop).extras["verdict"]
    assert verdict["key"] in ("likely_pays", "coin_toss", "do_not_send")
    assert stored(trained_shop).plan.status == "draft"


def test_before_anything_was_learned_the_page_offers_to_learn(open_app, demo_shop):
    saved_plan(demo_shop)
    app = page_of(open_app, demo_shop, "numbers")
    assert "have to be learned once" in said(app)
    assert app.button(key="common.learn").label == "Learn from past campaigns"


def test_without_a_group_the_page_asks_for_one(open_app, trained_shop):
    saved_plan(trained_shop, audience=Audience())
    assert "Choose a group in the brief first" in said(page_of(open_app, trained_shop, "numbers"))


def test_the_numbers_are_chinese_where_the_page_is(open_app, trained_shop):
    saved_plan(trained_shop)
    app = page_of(open_app, trained_shop, "numbers", language="zh")
    assert "额外利润" in numbers(app)
    assert "依据截至" in said(app)


# --- charts ---

CURVE = pd.DataFrame(
    {
        "discount": [0.0, 0.05, 0.10, 0.15, 0.20],
        "extra_profit": [float("nan"), 10.0, 20.0, 15.0, float("nan")],
        "extra_profit_low": [float("nan"), 0.0, 5.0, -5.0, float("nan")],
        "extra_profit_high": [float("nan"), 20.0, 40.0, 30.0, float("nan")],
        "supported": [False, True, True, True, False],
    }
)
WORDS = {"x": "Discount", "y": "Extra profit", "range": "range", "here": "here", "untried": "never tried here"}


def named(figure: go.Figure, name: str) -> list:
    return [trace for trace in figure.data if trace.name == name]


def test_untried_discounts_are_hatched_and_have_no_line():
    figure = charts.over_discount(CURVE, "extra_profit", (0.10, 20.0), True, WORDS)
    hatched = named(figure, "never tried here")
    assert [(min(trace.x), max(trace.x)) for trace in hatched] == [(0.0, 2.5), (17.5, 22.5)]
    assert list(named(figure, "Extra profit")[0].x) == [5.0, 10.0, 15.0]
    assert list(named(figure, "here")[0].x) == [10.0]
    assert [trace.showlegend for trace in hatched] == [True, False]


def test_settings_without_money_are_a_line_and_not_a_point():
    figure = charts.over_discount(CURVE, "extra_profit", (0.20, None), True, WORDS)
    assert named(figure, "here") == []
    assert figure.layout.shapes[0].x0 == 20


def test_steps_of_the_reasons_begin_where_the_last_one_ended():
    steps = pd.DataFrame(
        {
            "label": ["average", "channel", "channel", "plan"],
            "contribution": [-3.0, 0.5, -0.2, -2.7],
            "text": ["", "", "", ""],
        }
    )
    bars = charts.reasons(steps).data[0]
    ends = [start + moved for start, moved in zip(bars.base, bars.x, strict=True)]
    assert ends == pytest.approx([-3.0, -2.5, -2.7, -2.7])
    assert bars.base[1:3] == pytest.approx((-3.0, -2.5))


def test_the_numbers_tab_names_as_many_people_as_the_export_lists(open_app, trained_shop):
    saved_plan(trained_shop, holdout=0.15, audience_share=0.6)
    approved(trained_shop)
    app = page_of(open_app, trained_shop, "export")
    listed = numbers(app)
    files = [button.proto.label for button in app.get("download_button")]
    text = said(page_of(open_app, trained_shop, "numbers"))
    written_to = re.search(r"([\d,]+) customers are written to", text).group(1)
    held, both = re.search(r"([\d,]+) of ([\d,]+) people are left out on purpose", text).groups()
    assert (listed[say("export.treated")], listed[say("export.holdout")]) == (written_to, held)
    assert written_to in files[0]
    assert both in files[-1]


def test_a_look_at_the_numbers_leaves_an_approved_plan_approved(open_app, trained_shop):
    saved_plan(trained_shop)
    approved(trained_shop)  # with copy that the shop would fill in otherwise by now
    page_of(open_app, trained_shop, "numbers")
    assert stored(trained_shop).extras["verdict"]["key"]
    assert stored(trained_shop).plan.status == "approved"


# --- how the money is worked out ---


def worked_rows(app) -> list[dict[str, str]]:
    """The table of the worked example as the page shows it, without the marks that keep Markdown away."""
    table = app.table[0].value
    return [{name: str(cell).replace("\\", "") for name, cell in row.items()} for row in table.to_dict("records")]


def redone(text: str) -> float:
    """What a calculator makes of "888 × 5.7131 %" or "$166.75 × (1 − 5.03 %)"."""
    bare = re.sub(r"([\d.,]+) %", lambda found: f"({found[1].replace(',', '')}/100)", text.replace("$", ""))
    tree = ast.parse(bare.replace(",", "").replace("×", "*").replace("÷", "/").replace("−", "-"), mode="eval")
    return reckoned(tree.body)


def reckoned(node: ast.expr) -> float:
    if isinstance(node, ast.BinOp):
        left, right = reckoned(node.left), reckoned(node.right)
        signs = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
        return signs[type(node.op)](left, right)
    return -reckoned(node.operand) if isinstance(node, ast.UnaryOp) else float(node.value)


@pytest.mark.parametrize(
    "offer",
    [
        Offer(kind="percent", discount=0.15),
        Offer(kind="gift", gift_product_id="p033"),
        Offer(kind="spend_save", tiers=[(150, 20)]),
    ],
    ids=lambda offer: offer.kind,
)
def test_the_money_can_be_redone_by_hand_from_what_the_page_shows(open_app, trained_shop, offer):
    saved_plan(trained_shop, offer=offer)
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("worked").run()
    rows = worked_rows(app)
    for row in rows:
        if row["Worked out"] and row["Comes to"] != "–":
            digits = len(row["Comes to"].removesuffix(" %").partition(".")[2]) + (2 if "%" in row["Comes to"] else 0)
            shown = redone(row["Comes to"])
            assert redone(row["Worked out"]) == pytest.approx(shown, abs=0.51 * 10**-digits), row
        else:
            assert row["Where it comes from"], row
    profit = next(row["Comes to"] for row in rows if row["What"] == "Extra profit")
    card = numbers(app)["Extra profit"]
    assert redone(profit) == pytest.approx(redone(card), abs=2), "the card rounds to whole money"
    assert "textbook" in said(app)
    assert "who would have bought anyway" in said(app)


def test_where_there_is_no_money_the_page_says_why_there_is_nothing_to_work_out(open_app, trained_shop):
    saved_plan(trained_shop, offer=Offer(kind="percent", discount=0.5))
    app = page_of(open_app, trained_shop, "numbers")
    app.button_group(key="numbers.view").set_value("worked").run()
    assert "There is no money to work out: 50 % off was never tried" in said(app)
