"""The form of a new product: what is refused, what is saved, and what copy may say because of it."""

import json
from datetime import date

import pytest

from engine.campaign import claims
from engine.campaign.launch import form
from engine.campaign.plan import Brief
from engine.campaign.writer.facts import facts
from engine.errors import DataProblem, StoreProblem
from engine.shop import store
from engine.shop.vouched import Vouched, vouched
from tests.campaign.launches import product
from tests.tiny import shop_of, tables

DAY = date(2025, 11, 20)
FACTS = [{"text": "vegan", "by": "Ana"}, {"text": "24 h hydration", "by": "Bo"}, {"text": "纯素", "by": "Ana"}]


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", tables("customers", "products", "orders"), {"currency": "EUR"})


def brief(language: str = "en", product_id: str = "rose") -> Brief:
    return Brief(
        goal="launch", channel="email", language=language, product_ids=[product_id],
        starts_at=date(2025, 12, 1), ends_at=date(2025, 12, 8),
    )  # fmt: skip


def verdicts(shop, text: str, language: str = "en") -> list[tuple[str, str]]:
    found = claims.check_edited(text, facts(shop, brief(language)), language)
    return [(finding.text, finding.verdict) for finding in found]


# --- what is refused ---


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"price": 0}, "form.json: price: Input should be greater than 0; got 0"),
        ({"price": "12,50"}, "form.json: price: Input should be a valid number"),
        ({"stock": -1}, "form.json: stock: Input should be greater than or equal to 0; got -1"),
        ({"launched_at": "1.12.2025"}, "form.json: launched_at: Input should be a valid date"),
        ({"name": " "}, "form.json: name: String should have at least 1 character"),
        ({"cost": 3}, "form.json: cost: Extra inputs are not permitted; got 3"),
        ({"facts": [{"text": "vegan"}]}, 'nobody vouches for "vegan": say who does, or leave the fact out'),
        ({"facts": [{"text": "see https://x.org", "by": "Ana"}]}, "a fact is one plain line without links"),
        ({"facts": [{"text": "Vegan", "by": "A"}, {"text": "vegan", "by": "B"}]}, "a fact stands twice"),
    ],
)
def test_a_form_that_does_not_fit_says_which_field_and_why(tmp_path, changes, sentence):
    path = tmp_path / "form.json"
    path.write_text(json.dumps(product().model_dump(mode="json") | changes), encoding="utf-8")
    with pytest.raises(DataProblem) as refused:
        form.read_form(path)
    assert sentence in str(refused.value)


def test_the_same_is_said_in_chinese_as_far_as_the_words_are_ours(tmp_path):
    path = tmp_path / "form.json"
    changes = {"price": 0, "cost": 3, "facts": [{"text": "vegan" * 17, "by": "Ana"}, {"text": "[x]", "by": "Ana"}]}
    path.write_text(json.dumps(product().model_dump(mode="json") | changes), encoding="utf-8")
    with pytest.raises(DataProblem) as refused:
        form.read_form(path)
    price, long, brackets, strange = refused.value.texts("zh")
    assert price == "form.json：price：须大于 0；收到的是 0"
    assert long.startswith("form.json：facts.0.text：最多 80 个字符；")
    assert brackets.startswith("form.json：facts.1.text：每条事实须为一行纯文字")
    assert strange == "form.json：cost：Extra inputs are not permitted；收到的是 3"


def test_a_file_that_is_not_there_is_said_to_be(tmp_path):
    with pytest.raises(DataProblem, match="cannot be read: No such file"):
        form.read_form(tmp_path / "none.json")


def test_an_id_in_use_is_changed_only_on_purpose(shop):
    form.save(shop, product(), DAY)
    with pytest.raises(DataProblem, match="already has a product rose"):
        form.save(shop, product(price=25), DAY)
    form.save(shop, product(price=25), DAY, update=True)
    assert form.stored(shop, "rose").price == 25


def test_a_product_that_is_not_there_is_not_changed(shop):
    with pytest.raises(DataProblem, match="no product rose to change"):
        form.save(shop, product(), DAY, update=True)


# --- what is saved ---


def test_the_product_stands_among_the_shops_and_the_others_stay(shop):
    before = shop.table("products")
    asked = product(stock=40, unit_cost=8.0, brand="Rosaria", description="A calm tea", facts=FACTS)
    after = form.save(shop, asked, DAY)
    table = after.table("products")
    assert table.head(len(before))[before.columns.tolist()].equals(before)
    assert table.iloc[-1]["launched_at"].date() == date(2025, 12, 1)
    assert form.stored(after, "rose") == asked


def test_a_shop_without_products_gets_its_first(tmp_path):
    empty = store.create_shop(tmp_path / "empty", {})
    assert form.save(empty, product(), DAY).table("products")["product_id"].tolist() == ["rose"]


def test_a_fact_keeps_the_day_it_was_given_until_another_vouches_for_it(shop):
    form.save(shop, product(facts=FACTS[:2]), DAY)
    changed = [FACTS[0], {"text": "24 h hydration", "by": "Cy"}]
    after = form.save(shop, product(facts=changed), date(2025, 11, 25), update=True)
    assert vouched(after)["rose"] == (
        Vouched("vegan", "Ana", "2025-11-20"),
        Vouched("24 h hydration", "Cy", "2025-11-25"),
    )


def test_facts_taken_out_are_gone(shop):
    form.save(shop, product(facts=FACTS), DAY)
    assert vouched(form.save(shop, product(), DAY, update=True)) == {}


def test_a_broken_file_of_facts_says_what_to_do(shop):
    (shop.path / "vouched.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(StoreProblem, match="Give the facts again"):
        vouched(shop)


# --- what copy may say ---


def test_copy_may_say_what_somebody_vouches_for(shop):
    shop = form.save(shop, product(facts=FACTS), DAY)
    assert verdicts(shop, "Vegan, with 24 h hydration.") == [("Vegan", "match"), ("24 h hydration", "match")]
    assert verdicts(shop, "It is {fact_a}.") == [("{fact_a}", "match")]
    assert verdicts(shop, "纯素好茶。", "zh") == [("纯素", "match")]


def test_what_nobody_vouches_for_is_refused(shop):
    shop = form.save(shop, product(), DAY)
    for text in ("A vegan tea.", "With 24 h hydration.", "Clinically tested."):
        assert "refused" in [verdict for _, verdict in verdicts(shop, text)]
    assert verdicts(shop, "纯素好茶。", "zh") == [("纯素", "refused")]


def test_a_fact_of_one_product_is_none_of_another(shop):
    shop = form.save(shop, product(facts=FACTS), DAY)
    found = claims.check_edited("A vegan tea.", facts(shop, brief(product_id="007")), "en")
    assert [finding.kind for finding in found if finding.verdict == "refused"] == ["attribute"]


def test_a_figure_is_vouched_for_only_as_it_stands(shop):
    shop = form.save(shop, product(facts=FACTS), DAY)
    assert ("48 h", "refused") in verdicts(shop, "48 h hydration")
