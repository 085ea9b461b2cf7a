"""What is known of a brief where shops are odd: reviews of nobody's product, offers on a part, many products, rules."""

from datetime import date

import pandas as pd
import pytest

from engine.campaign import claims
from engine.campaign.plan import Brief, Offer
from engine.campaign.writer.facts import facts
from engine.errors import DataProblem
from tests.tiny import shop_of

COUNT = 230


def products(**columns) -> pd.DataFrame:
    table = {
        "product_id": [f"p{n}" for n in range(COUNT)],
        "name": [f"Garden Lamp {chr(65 + n // 26)}{chr(65 + n % 26)}" for n in range(COUNT)],
        "category": ["Light" if n % 2 else "Garden" for n in range(COUNT)],
        "price": [20.0] * COUNT,
        "stock": [5.0] * COUNT,
    }
    return pd.DataFrame(table | columns)


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {"products": products()}, {"currency": "USD"})


def brief(*product_ids: str, **offer) -> Brief:
    return Brief(
        goal="vip", channel="email", product_ids=list(product_ids), starts_at=date(2026, 6, 1),
        ends_at=date(2026, 6, 30), offer=Offer(**offer) if offer else Offer(),
    )  # fmt: skip


def verdicts(shop, text: str, asked: Brief) -> dict[str, str]:
    return {one.text: one.verdict for one in claims.check_edited(text, facts(shop, asked), "en")}


def test_every_product_of_a_large_shop_may_be_named(shop):
    last = products()["name"].iloc[-1]
    assert verdicts(shop, f"Have a look at the {last}.", brief())[last] == "match"


def test_an_offer_on_one_product_lowers_no_other_price(shop):
    asked = brief("p0", "p1", kind="percent", discount=0.2, applies_to=["p0"])
    first, second = products()["name"].iloc[:2]
    assert verdicts(shop, f"{first}: now $16.", asked)["$16"] == "match"
    assert verdicts(shop, f"{second}: now $16.", asked)["$16"] == "refused"
    assert verdicts(shop, f"{first} and {second} together for $32.", asked)["$32"] == "refused"
    assert verdicts(shop, f"{first} and {second} together cost $40.", asked)["$40"] == "match"


def test_reviews_that_name_no_product_say_nothing_of_any(tmp_path):
    reviews = pd.DataFrame({"customer_id": ["c1"], "rating": [5.0]})
    shop = shop_of(tmp_path / "shop", {"products": products(), "reviews": reviews})
    assert set(verdicts(shop, "Rated 5 stars.", brief("p0")).values()) == {"refused"}


def test_a_range_of_sizes_that_nobody_knows_bears_out_none(tmp_path):
    shop = shop_of(tmp_path / "shop", {"products": products(size=["XXXS-XL"] * COUNT)})
    assert verdicts(shop, "In XXL too.", brief("p0"))["XXL"] == "refused"


def test_what_a_comment_in_a_policy_says_is_no_promise(shop):
    (shop.path / "policy").mkdir()
    (shop.path / "policy" / "returns.md").write_text("# Returns\n<!-- later:\nReturns are free.\n-->\nNone.\n", "utf-8")
    assert verdicts(shop, "Returns are free.", brief())["Returns are free"] == "refused"


def test_a_policy_that_is_no_text_is_refused_with_its_name(shop):
    (shop.path / "policy").mkdir()
    (shop.path / "policy" / "returns.md").write_bytes("Rückgabe".encode("cp1252"))
    with pytest.raises(DataProblem, match=r"policy/returns.md is not UTF-8 text \(byte 1\)"):
        facts(shop, brief())
