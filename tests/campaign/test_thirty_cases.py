"""Thirty plans of every kind of offer equal what was worked out by hand: the arithmetic stands in thirty_cases.toml."""

import ast
import operator
import tomllib
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from engine import terms
from engine.campaign import baskets, earnings, inputs, offers, worked
from engine.campaign.inputs import Inputs
from engine.campaign.plan import OfferKind
from engine.sentences import Sentence
from tests.tiny import shop_of

CASES = tomllib.loads(Path(__file__).with_name("thirty_cases.toml").read_text(encoding="utf-8"))["case"]
AS_OF = date(2026, 3, 2)
PRODUCTS = pd.DataFrame(
    {"product_id": ["tea", "cup"], "name": ["Tea", "Cup"], "category": ["Food", "Kitchen"], "price": [20.0, 40.0],
     "unit_cost": [12.0, 20.0]}
)  # fmt: skip
# Day, and the lines: product, quantity, discount, code, shipping. Weeks end before AS_OF, so C and D share one.
BASKETS = {
    "A": ("2026-02-03", [("tea", 1, 0.0, "", 5.0)]),
    "B": ("2026-02-10", [("cup", 1, 4.0, "CLUB10", 5.0)]),
    "C": ("2026-02-24", [("tea", 1, 0.0, "", 5.0), ("cup", 1, 0.0, "", 0.0)]),
    "D": ("2026-02-25", [("tea", 2, 0.0, "", 0.0), ("cup", 1, 0.0, "", 0.0)]),
}


def orders() -> pd.DataFrame:
    price = PRODUCTS.set_index("product_id")["price"]
    lines = [
        (f"o{number:02d}{name}", f"c{number:02d}", day, product, quantity, price[product], off, code, shipping)
        for number in range(25)
        for name, (day, held) in BASKETS.items()
        for product, quantity, off, code, shipping in held
    ]
    columns = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price", "discount"]
    return pd.DataFrame(lines, columns=[*columns, "discount_code", "shipping"])


def with_tax(sold: pd.DataFrame) -> pd.DataFrame:
    """A sixth of what is paid."""
    return sold.assign(tax=(sold["quantity"] * sold["unit_price"] - sold["discount"]) / 6)


def with_returns(sold: pd.DataFrame) -> pd.DataFrame:
    """A tenth of the 4,900 paid comes back: 12 cups at 40 and 10 refunded on top of one."""
    back = sold[sold["order_id"].str.endswith("D") & sold["product_id"].eq("cup")].head(12)
    refunded = pd.Series(0.0, sold.index)
    refunded.iloc[0] = 10.0
    return pd.concat([sold.assign(refunded=refunded), back.assign(quantity=-1, refunded=0.0)])


SHOPS = {
    "plain": lambda: (PRODUCTS, orders(), {}),
    "ten_teas": lambda: (PRODUCTS.assign(stock=[10, 10]), orders(), {}),
    "no_costs": lambda: (PRODUCTS.drop(columns="unit_cost"), orders(), {}),
    "ships_for_six": lambda: (PRODUCTS, orders(), {"offer_cost": {"free_shipping": 6.0}}),
    "no_shipping": lambda: (PRODUCTS, orders().drop(columns="shipping"), {}),
    "with_tax": lambda: (PRODUCTS, with_tax(orders()), {"prices_include_tax": True}),
    "returns": lambda: (PRODUCTS, with_returns(orders()), {}),
    "fifth_returned": lambda: (PRODUCTS, orders(), {"return_rate": 0.2}),
}


@pytest.fixture(scope="module")
def past(tmp_path_factory):
    """past(name): a shop, its baskets and its margin, made once."""
    made: dict[str, tuple] = {}

    def of(name: str) -> tuple:
        if name not in made:
            products, sold, settings = SHOPS[name]()
            shop = shop_of(tmp_path_factory.mktemp(name) / "shop", {"products": products, "orders": sold}, settings)
            found = baskets.measured(shop, [f"c{number:02d}" for number in range(25)], AS_OF, 7)
            made[name] = shop, found, offers.margin(shop, [], None, found.tax_share or 0.0)
        return made[name]

    return of


def asked(past, case: dict) -> tuple[Inputs, offers.Cost, earnings.Terms]:
    """What goes into the money of a case, found as a forecast finds it."""
    shop, found, margin = past(case.get("shop", "plain"))
    value, people = case.get("value", 50.0), case.get("people", 1000)
    q = case.get("q", 0.03)
    cost = offers.cost(shop, case["offer"], found, value, margin.share)
    uses = cost.used_share or 1.0
    given = Inputs(
        people, case.get("p", 0.05), None if q == "unknown" else q, value,
        shop.settings.return_rate if found.returned is None else found.returned, found.tax_share, margin.share,
        cost.used_share, cost.off / uses, cost.handed / uses, cost.most_uses, None, ((people, case.get("send", 0.1)),),
        10.0, dict.fromkeys(SOURCES, Sentence("money.from_plan")),
    )  # fmt: skip
    return given, cost, inputs.terms_of(given, cost)


SOURCES = (
    "recipients", "order_rate", "rate_anyway", "list_value", "returned", "tax_share", "margin", "used_share", "off",
    "stock", "send_cost",
)  # fmt: skip
named = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def test_there_are_thirty_and_they_hold_every_kind_of_offer():
    assert len(CASES) == 30
    assert {case["offer"]["kind"] for case in CASES} == set(OfferKind.__args__)


@named
def test_the_money_is_what_was_worked_out_by_hand(past, case):
    given, _, terms_of = asked(past, case)
    found = earnings.money(given.order_rate, given.rate_anyway, given.list_value, terms_of)
    assert found["discount_cost"] == pytest.approx(case["discount"], abs=1e-3)
    assert found["extra_profit"] == pytest.approx(case["extra_profit"], abs=1e-3)
    assert found["roi"] == (pytest.approx(case["roi"], abs=1e-6) if "roi" in case else None)
    even = earnings.break_even(found["would_buy_anyway"] or 0.0, given.list_value, terms_of)
    assert even == (pytest.approx(case["break_even"], abs=1e-4) if "break_even" in case else None)
    coupon = terms.textbook_roi(given.order_rate, given.list_value, given.off + given.handed)
    assert coupon == (pytest.approx(case["textbook"], abs=1e-6) if "textbook" in case else None)


@named
def test_what_is_assumed_is_named_and_nothing_else_is(past, case):
    _, cost, _ = asked(past, case)
    _, _, margin = past(case.get("shop", "plain"))
    said = [note.key for note in (inputs.margin_from(margin), *cost.notes)]
    of_the_past = {"money.margin_measured", "money.keeps_other", "money.beyond_limit", "money.applies_to"}
    assert [key for key in said if key not in of_the_past] == case.get("assumed", [])


@named
def test_all_draws_at_once_are_each_draw_alone(past, case):
    given, _, terms_of = asked(past, case)
    p = np.array([given.order_rate, 0.01, 0.08])
    q = None if given.rate_anyway is None else np.array([given.rate_anyway, 0.02, 0.01])
    value = np.array([50.0, 45.0, 60.0])
    together = earnings.money(p, q, value, terms_of)
    for one in range(3):
        alone = earnings.money(p[one], None if q is None else q[one], value[one], terms_of)
        for name, number in alone.items():
            drawn = None if together[name] is None else together[name][one]
            assert drawn == pytest.approx(number) or (number is None and (drawn is None or np.isnan(drawn))), name


# --- the worked example ---


@named
def test_every_line_can_be_redone_from_the_numbers_it_shows_and_ends_where_the_money_does(past, case):
    given, _, _ = asked(past, case)
    lines = worked.lines(given)
    for line in lines:
        if line.how:
            assert redone(line) == line.result.value, line.key
    at = {line.key: float(line.result.value) if line.result else None for line in lines}
    assert at["extra_profit"] == pytest.approx(case["extra_profit"], abs=0.05)
    assert at.get("discount", 0.0) == pytest.approx(case["discount"], abs=0.05)
    assert at["roi"] == (pytest.approx(case["roi"], abs=1e-4) if "roi" in case else None)
    assert at["break_even"] == (pytest.approx(case["break_even"], abs=0.02) if "break_even" in case else None)
    assert at.get("textbook") == (pytest.approx(case["textbook"], abs=1e-4) if "textbook" in case else None)


def redone(line: worked.Line) -> Decimal:
    """A line as a calculator does it: the signs between the numbers, and the result rounded as it is shown."""
    text = " ".join(part if isinstance(part, str) else f"{part.value}" for part in line.how)
    tree = ast.parse(text.replace("×", "*").replace("÷", "/").replace("−", "-"), mode="eval").body
    digits = Decimal(1).scaleb(-worked.DIGITS[line.result.unit])
    return calculated(tree, text).quantize(digits, ROUND_HALF_UP)


def calculated(node: ast.expr, text: str) -> Decimal:
    if isinstance(node, ast.BinOp):
        signs = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}
        return signs[type(node.op)](calculated(node.left, text), calculated(node.right, text))
    if isinstance(node, ast.UnaryOp):
        return -calculated(node.operand, text)
    return Decimal(ast.get_source_segment(text.replace("×", "*").replace("÷", "/").replace("−", "-"), node))


@named
def test_a_number_that_is_used_stands_on_a_line_of_its_own(past, case):
    given, _, _ = asked(past, case)
    lines = worked.lines(given)
    seen = {Decimal(1)}
    for line in lines:
        if line.key == "send_cost":  # messages and the cost of one are its own
            seen |= {part.value for part in line.how if not isinstance(part, str)}
        used = {part.value for part in line.how if not isinstance(part, str)}
        assert used <= seen, line.key
        seen |= {line.result.value} if line.result else set()
