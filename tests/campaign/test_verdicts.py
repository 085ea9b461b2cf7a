"""Claims held against what is known of a brief: what follows from the facts stands, what does not is refused and why.

The briefs are those of copy_sets/briefs.json: e1 is 15% off the skillet ($40) and the board ($55) in June, and so on.
"""

from dataclasses import replace

import pytest

from engine.campaign.known import Line
from engine.campaign.reading.read import read
from engine.campaign.verdicts.judge import judge
from tests.campaign.copy_shops import facts_of


def judged(brief: str, text: str) -> list[tuple[str, str]]:
    """(words, row) of what stands, (words, key of the reason) of what is refused."""
    return [
        (text[one.claim.start : one.claim.end], one.row if one.true else getattr(one.reason, "key", ""))
        for one in judge(text, facts_of(brief).world)
    ]


@pytest.mark.parametrize(
    ("brief", "text", "words", "row"),
    [
        ("e1", "Save 15% in the kitchen", "15%", "brief: discount"),
        ("e1", "Now $34 instead of $40", "$34", "products p04: price - discount"),
        ("e1", "Now $34 instead of $40", "$40", "products p04: price"),
        ("e1", "Save $6 on the Cast Iron Skillet", "$6", "products p04: price x discount"),
        ("e1", "The two products together were $95", "$95", "products: prices together"),
        ("e1", "Both are yours for $80.75", "$80.75", "products: prices together - discount"),
        ("e1", "Two products for the kitchen", "Two products", "brief: product_ids"),
        ("e9", "Save 20%, up to $20", "$20", "brief: discount"),
        ("e3", "Spend $200 and save $40", "$40", "brief: discount"),
        ("c1", "八五折，原价328元", "八五折", "brief: discount"),
        ("c1", "到手价278.8元的铸铁炒锅", "278.8元", "products z04: price - discount"),
        ("c3", "满300减50", "300", "brief: discount"),
        ("e1", "Use HOME15 at checkout", "HOME15", "brief: code"),
        ("e1", "Until Tuesday, 30 June", "Tuesday, 30 June", "brief: ends_at"),
        ("e1", "All through June", "June", "brief: starts_at, ends_at"),
        ("e5", "This weekend only, free delivery over $30", "This weekend", "brief: starts_at, ends_at"),
        ("e1", "The skillet weighs 2.4 kg", "2.4 kg", "products p04: description"),
        ("e1", "The board is cut from walnut", "walnut", "products p05: name"),
        ("e1", "A two-year guarantee on kitchen things", "guarantee", "policy/guarantee.md, line 3"),
        ("e1", "Return anything within 30 days", "30 days", "policy/returns.md, line 3"),
        ("e1", "Free delivery on orders over $60", "Free delivery", "policy/delivery.md, line 5"),
        ("e7", "200 bonus points on your order over $100", "points", "brief: offer"),
        ("e7", "100 points are worth $1", "points", "policy/loyalty.md, line 5"),
        ("e8", "Only nine Merino Cardigans left", "left", "products: stock of Merino Cardigan"),
        ("e8", "The Merino Cardigan is low in stock", "low in stock", "products: stock of Merino Cardigan"),
        ("e4", "With a free Oat Hand Cream for orders over $40", "Oat Hand Cream", "brief: gift"),
        ("e4", "One bottle at $28 leaves you $12 short of the gift", "$12", "brief: min_spend"),
        ("c5", "竹砧板89元，再差10元即可包邮", "10元", "brief: min_spend"),
        ("e2", "A tin of each comes to $30", "$30", "products: prices together"),
        ("c2", "两样各来一份共548元，减完518元", "518元", "products: prices together - discount"),
        ("e6", "$12 for 50 bags, that's 24 cents a bag", "24 cents", "products p11: description"),
        ("c6", "一包6克，撕开就泡", "6克", "products z10: size"),
        ("e9", "20% off would be $24, but the cap is $20", "$24", "brief: discount without its cap"),
        (
            "e7",
            "The two pieces differ: the dress is $40 dearer than the cardigan",
            "$40",
            "products: difference of prices",
        ),
        ("e7", "The cardigan is cheaper than the dress", "cheaper than", "products: prices"),
        ("c1", "一锅一板合计417元，顺丰包邮", "包邮", "policy/delivery.md, line 5"),
        ("e3", "Everything wraps up on Cyber Monday", "Cyber Monday", "brief: ends_at"),
        ("c9", "新品从谷雨这天上线", "谷雨这天", "brief: starts_at"),
        ("e1", "HOME15 is yours until the last day of the month", "the last day of the month", "brief: ends_at"),
        ("e4", "Spend $40 by mid-March", "mid-March", "brief: starts_at, ends_at"),
        ("c4", "面霜11条评价，其中8个人给了五星", "五星", "stars of z07"),
        ("e5", "No code needed for free delivery over $30", "No code needed", "brief: code"),
        ("e9", "The sheets fit a king bed", "king bed", "products p02: size"),
        ("e1", "We post the skillet to Canada", "Canada", "policy/delivery.md"),
        ("e1", "The skillet is 10.2 inches across and weighs 5.3 pounds", "5.3 pounds", "products p04: description"),
        ("e9", "The linen set falls from $120 to an even $100", "$120", "products p01: price"),
        ("e3", "$15 off at $100 with STACK26", "$100", "brief: discount"),
        ("e3", "Duvet set ($120) + sheet set ($80) = $200", "$120", "products p01: price"),
        ("e5", "Skillet $40 or saucepan $48? Save eight bucks", "eight bucks", "products: difference of prices"),
        ("e8", "Of the two, the cardigan is the cheaper", "the cheaper", "products: prices"),
        ("c1", "竹砧板折后比平时便宜13块多", "13块", "products z05: price x discount"),
        ("c8", "床单269元", "269元", "products z02: price"),
        ("c7", "羊绒开衫现存11件", "11件", "products: stock of 羊绒开衫"),
        ("c4", "50克一罐，来自云南，满198元送纯露", "云南", "products z07: origin"),
        ("e6", "Buy two, get one free", "Buy two, get one free", "brief: offer"),
        ("c6", "买一送一", "买一送一", "brief: offer"),
    ],
)
def test_what_follows_from_the_facts_stands_in_a_row(brief, text, words, row):
    found = [where for said, where in judged(brief, text) if words in said]
    assert found and found[0].startswith(row), judged(brief, text)


@pytest.mark.parametrize(
    ("brief", "text", "words", "reason"),
    [
        ("e1", "Save 20% in the kitchen", "20%", "other_percent"),
        ("e1", "Now $35", "$35", "no_money"),
        ("e2", "Save $50 on tea", "$50", "other_role"),
        ("e1", "The Walnut Cutting Board costs $40", "$40", "other_products_price"),
        ("e9", "Save 20%, up to $30", "$30", "no_money"),
        ("c1", "铸铁炒锅打八折", "八折", "other_percent"),
        ("e1", "Use HOME51 at checkout", "HOME51", "other_code"),
        ("e1", "Until 31 July", "31 July", "other_date"),
        ("e1", "Until Monday, 30 June", "Monday, 30 June", "other_date"),
        ("e1", "Offer ends at 6 pm", "6 pm", "no_clock"),
        ("e1", "Pair it with the Stoneware Teapot", "Stoneware Teapot", "other_product"),
        ("e1", "Meet the Walnut Cuting Board", "Walnut Cuting Board", "nearly_a_product"),
        ("e1", "The board is cut from oak", "oak", "no_attribute"),
        ("e1", "Return anything within 60 days", "Return", "other_policy"),
        ("e1", "Free delivery on every order", "Free delivery", "condition"),
        ("e8", "Next-day delivery", "Next-day delivery", "no_delivery"),
        ("e2", "A guarantee on our tea", "guarantee", "no_guarantee"),
        ("e7", "300 bonus points on your order", "points", "other_policy"),
        ("e7", "Double points on your order", "points", "no_points"),
        ("e8", "Only four Merino Cardigans left", "left", "other_stock"),
        ("e1", "The Cast Iron Skillet is rated 4.9 stars", "rated", "other_rating"),
        ("e4", "With a free tote bag for orders over $40", "tote bag", "other_gift"),
        ("e1", "With a free tote bag", "tote bag", "no_gift"),
        ("e6", "Buy one, get one free", "Buy one", "other_offer"),
        ("e1", "Warmer than any other pan", "than", "no_comparison"),
        ("c1", "全网最低价", "全网最", "no_superlative"),
        ("e4", "One bottle leaves you $10 short of the gift", "$10", "other_money"),
        ("e6", "That's 20 cents a bag", "20 cents", "other_money"),
        ("e1", "The board is cheaper than the skillet", "cheaper than", "no_comparison"),
        ("e1", "No code needed, 15% off", "No code needed", "other_code"),
        ("e5", "Enter your code for free delivery over $30", "Enter your code", "no_code"),
        ("e2", "$10 off, no minimum", "no minimum", "condition"),
        ("e4", "Buy a single bottle and get a free hand cream", "free hand cream", "condition"),
        ("e3", "The Stoneware Teapot? Plenty left", "Plenty left", "no_stock"),
        ("c3", "羊绒开衫全是五星", "全是五星", "no_rating"),
        ("e3", "Everything wraps up on Black Friday", "Black Friday", "other_date"),
        ("c6", "买一送一到双十二前一天截止", "双十二前一天", "other_date"),
        ("e4", "Yours until the end of the month", "the end of the month", "other_date"),
        ("e1", "The warm grain of maple of our cutting board", "maple", "no_attribute"),
        ("c7", "羊绒开衫是高领", "高领", "no_attribute"),
        ("e7", "The cardigan must be dry-cleaned", "dry-cleaned", "no_attribute"),
        ("e1", "This skillet is not for the oven", "oven", "no_attribute"),
        ("e1", "The skillet is 12 inches across", "12 inches", "no_measure"),
        ("e9", "The percale set falls from $80 to $60", "$60", "no_money"),
        ("e8", "Of the two, the dress is the more affordable", "more affordable", "no_comparison"),
        ("c7", "真丝衬衫定价略高于羊绒开衫", "高于", "no_comparison"),
        ("c1", "竹砧板比平时便宜20块多", "20块", "no_money"),
        ("c5", "铸铁炒锅电磁炉不能用", "电磁炉", "no_attribute"),
        ("e2", "Our jasmine is a loose white tea", "white tea", "no_attribute"),
        ("e9", "Dozens of percale sets still on the shelf", "Dozens", "no_stock"),
        ("e1", "Over 5,000 sold since spring", "sold", "no_rating"),
        ("e2", "Ten dollars off, no strings attached", "no strings", "condition"),
    ],
)
def test_what_no_fact_bears_out_is_refused_with_the_reason(brief, text, words, reason):
    found = [why for said, why in judged(brief, text) if words in said]
    assert found and found[0] == f"claims.{reason}", judged(brief, text)


@pytest.mark.parametrize(
    ("brief", "text"),
    [
        ("e1", "One of those evenings: a second cup, and time for you."),
        ("e1", "The smell of a good supper fills the house."),
        ("e1", "It is out for delivery in our hearts."),
        ("c1", "十分安心，一起好好吃饭。"),
        ("e9", "Whoever wrapped you in cotton wool had the right idea."),
        ("e7", "Some mornings the mirror gives you full marks."),
        ("e1", "If you want the cheaper option, there is always the bus."),
        ("c4", "爱自己是终身浪漫的开始。"),
        ("c5", "520当天，把饭做得好看一点。"),
    ],
)
def test_ordinary_sentences_claim_nothing(brief, text):
    assert judged(brief, text) == []


def test_a_number_falls_with_the_promise_it_belongs_to():
    assert judged("e1", "Return anything within 60 days") == [
        ("Return anything", "claims.other_policy"),
        ("60 days", "claims.other_policy"),
    ]


def test_a_sun_protection_factor_is_a_name_and_no_figure():
    text = "A cream with SPF 50."
    line = Line(text, "products p1: description", read(text, "USD"), product="Cream")
    (verdict,) = judge("Three tins", replace(facts_of("e1").world, lines=(line,)))
    assert not verdict.true
