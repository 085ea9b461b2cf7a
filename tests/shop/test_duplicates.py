"""Customers who share contacts are proposed with the one that would stay; only what somebody confirmed is merged."""

import pandas as pd
import pytest

from engine.audience import segments
from engine.errors import DataProblem
from engine.shop import duplicates, merged, sales, store, vault
from tests.tiny import shop_of, tables

CONTACTS = pd.DataFrame(
    [
        ("c001", "Ana@example.com", "", "x1"),
        ("c002", " ana@EXAMPLE.com ", "", "x2"),  # one order more than c001
        ("c005", "", "138 1234 5678", ""),
        ("c006", "six@example.com", "+86-13812345678", ""),
        ("c007", "Six@example.com", "", ""),  # shares with c006, and with c005 only through it
        *[(f"c01{number}", f"p{number}@example.com", "(415) 555-2671", "") for number in range(6)],  # a household's
        ("c020", "alone@example.com", "415-555-0000", ""),
        ("c021", "", "", ""),
        ("c022", "no address", "12", ""),
        ("c023", "no address", "12", ""),
    ],
    columns=vault.COLUMNS,
)


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


@pytest.fixture
def shop(tmp_path, config):
    made = shop_of(tmp_path / "shop", tables(), {"never_contact": ["c001"]})
    vault.add(made.path, made.shop_id, config, CONTACTS)
    return made


def contacts(shop, config):
    table = vault.contacts(shop.path, shop.shop_id, config)
    return table.fillna("").set_index("customer_id").to_dict("index")


def files(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def test_customers_with_the_same_address_or_number_are_proposed_with_the_reason_and_their_orders(shop, config):
    found = duplicates.proposals(shop, config)
    orders = shop.table("orders").query("quantity > 0").groupby("customer_id")
    counts, last = orders["order_id"].nunique(), orders["ordered_at"].max()
    assert counts[["c001", "c002"]].tolist() == [1, 2]  # as the golden shop is made: 1 + position % 6
    proposed = found[found["proposed"].eq(1)]
    assert [tuple(row) for row in proposed[["group", "customer_id", "why", "kept"]].to_numpy()] == [
        (1, "c002", "", 1), (1, "c001", "same_email", 0),
        (2, "c006", "", 1), (2, "c005", "same_phone", 0), (2, "c007", "same_email", 0),
    ]  # fmt: skip
    assert proposed["orders"].tolist() == counts[proposed["customer_id"]].tolist()
    assert proposed["last_order"].tolist() == last[proposed["customer_id"]].tolist()


def test_a_number_of_more_than_five_accounts_is_said_and_not_proposed(shop, config):
    found = duplicates.proposals(shop, config)
    said = found[found["proposed"].eq(0)]
    assert said["customer_id"].tolist() == [f"c01{number}" for number in range(6)]
    assert set(said["why"]) == {"shared_phone"} and set(said["kept"]) == {0} and set(said["group"]) == {3}
    five = CONTACTS[CONTACTS["customer_id"].ne("c015")]
    vault.put(shop.path, shop.shop_id, config, five.replace("", None))
    assert duplicates.proposals(shop, config)["proposed"].eq(1).sum() == 5 + 5


def test_who_shares_with_two_is_told_apart_from_who_shares_with_the_one_kept(shop, config):
    vault.add(shop.path, shop.shop_id, config, pd.DataFrame({"customer_id": ["c007"], "phone": ["415-555-0000"]}))
    found = duplicates.proposals(shop, config).set_index("customer_id")
    assert found.loc["c020", "group"] == found.loc["c005", "group"]
    assert found.loc["c020", "why"] == "through_another"


def test_looking_for_duplicates_changes_nothing_and_shows_no_contact(shop, config):
    before = files(shop.path)
    found = duplicates.proposals(shop, config)
    assert files(shop.path) == before
    assert "example.com" not in found.to_csv() and "5678" not in found.to_csv()


def test_a_shop_without_contacts_has_no_proposals(tmp_path, config):
    made = shop_of(tmp_path / "bare", tables("customers"))
    assert duplicates.proposals(made, config).empty


def test_nothing_is_left_to_propose_when_all_were_merged_or_nobody_shares(shop, config, now):
    for one in ("c010", "c011", "c012", "c013", "c014", "c015"):
        vault.add(shop.path, shop.shop_id, config, pd.DataFrame({"customer_id": [one], "phone": [f"{one[1:]}4445555"]}))
    duplicates.merge(shop, config, {"c001": "c002", "c005": "c006", "c007": "c006"}, now)
    assert duplicates.proposals(store.open_shop(shop.path), config).empty


def test_a_merge_renames_every_row_and_keeps_every_sale(shop, config, now):
    lines, before = (
        sales.lines(shop),
        {name: shop.table(name) for name in ("orders", "events", "deliveries", "reviews")},
    )
    rows = duplicates.merge(shop, config, {"c001": "c002"}, now, "Ben")
    shop = store.open_shop(shop.path)
    for name, table in before.items():
        assert "c001" not in set(shop.table(name)["customer_id"])
        assert rows[name] == table["customer_id"].eq("c001").sum()
    after = sales.lines(shop)
    assert (after["net"].sum(), after["order_id"].nunique()) == (lines["net"].sum(), lines["order_id"].nunique())
    assert len(after) == len(lines)
    assert after["customer_id"].eq("c002").sum() == lines["customer_id"].isin(["c001", "c002"]).sum()
    assert not shop.table("deliveries").duplicated(["campaign_id", "customer_id", "sent_at"]).any()


def test_of_two_messages_of_one_campaign_one_is_left_with_what_happened_to_either(shop, config, now):
    both = shop.table("deliveries").query("customer_id in ('c001', 'c002')")
    expected = both.groupby("campaign_id").agg(
        treated=("treated", "max"), revenue=("revenue", "sum"), clicked=("clicked", "max")
    )
    duplicates.merge(shop, config, {"c001": "c002"}, now)
    left = store.open_shop(shop.path).table("deliveries").query("customer_id == 'c002'").set_index("campaign_id")
    assert len(left) == len(expected) == both["campaign_id"].nunique()
    for column in expected:
        assert left[column].sort_index().fillna(-1).tolist() == pytest.approx(expected[column].fillna(-1).tolist())


def test_one_customer_is_left_with_the_stricter_consents(shop, config, now):
    table = shop.table("customers").set_index("customer_id")
    table.loc["c001", ["email_consent", "sms_consent", "suppressed", "tier"]] = [0.0, 1.0, 1.0, "gold"]
    table.loc["c002", ["email_consent", "sms_consent", "suppressed", "tier"]] = [1.0, 0.0, 0.0, None]
    table.loc["c001", "unsubscribed_at"] = pd.Timestamp("2025-03-01")
    store.write_tables(shop, {"customers": table.reset_index()})
    duplicates.merge(shop, config, {"c001": "c002"}, now)
    after = store.open_shop(shop.path).table("customers")
    [row] = after[after["customer_id"].isin(["c001", "c002"])].to_dict("records")
    assert (row["customer_id"], row["email_consent"], row["sms_consent"], row["suppressed"]) == ("c002", 0, 0, 1)
    assert (row["unsubscribed_at"], row["tier"]) == (pd.Timestamp("2025-03-01"), "gold")
    assert row["joined_at"] == min(table.loc["c001", "joined_at"], table.loc["c002", "joined_at"])
    assert len(after) == len(table) - 1


def test_contacts_groups_and_the_never_contact_list_follow(shop, config, now):
    segments.save(shop, segments.fit(shop, 2))
    duplicates.merge(shop, config, {"c001": "c002"}, now)
    kept = contacts(shop, config)
    assert "c001" not in kept
    assert kept["c002"] == {"email": "ana@EXAMPLE.com", "phone": "", "external_id": "x2"}
    labels = segments.current(store.open_shop(shop.path)).labels["customer_id"]
    assert "c001" not in set(labels) and labels.eq("c002").sum() == 1
    assert store.open_shop(shop.path).settings.never_contact == ["c002"]


def test_a_merge_is_recorded_and_later_exports_are_read_as_the_customer_that_is_left(shop, config, now):
    duplicates.merge(shop, config, {"c001": "c002"}, now, "Ben")
    assert merged.records(shop.path) == [
        {"customer_id": "c001", "into": "c002", "at": "2026-06-01T09:00:00+00:00", "by": "Ben", "why": "same_email"}
    ]
    duplicates.merge(shop, config, {"c002": "c006"}, now)
    given = pd.DataFrame({"customer_id": ["c001", "c002", "c003", None]}, dtype="str")
    renamed, count = merged.with_merged(shop.path, given)
    assert renamed["customer_id"].fillna("-").tolist() == ["c006", "c006", "c003", "-"]
    assert count == 2
    products = pd.DataFrame({"product_id": ["c001"]})
    assert merged.with_merged(shop.path, products) == (products, 0)


def test_a_merge_that_was_cut_short_is_ended_by_the_same_one_again(shop, config, now, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(store, "write_tables", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            duplicates.merge(shop, config, {"c001": "c002"}, now)
    assert "c001" in set(shop.table("orders")["customer_id"])
    duplicates.merge(shop, config, {"c001": "c002"}, now)
    assert "c001" not in set(store.open_shop(shop.path).table("orders")["customer_id"])
    assert len(merged.records(shop.path)) == 1


@pytest.mark.parametrize(
    ("pairs", "said"),
    [
        ({}, "Nothing was named"),
        ({"c001": "c001"}, "c001 cannot be merged into itself"),
        ({"c001": "nobody"}, "There is no customer nobody"),
        ({"nobody": "c001"}, "There is no customer nobody"),
        ({"c001": "c002", "c002": "c003"}, "c002 is to be merged into c003: name that one for c001"),
    ],
)
def test_pairs_that_cannot_be_are_refused_and_nothing_is_changed(shop, config, now, pairs, said):
    before = files(shop.path)
    with pytest.raises(DataProblem, match=said):
        duplicates.merge(shop, config, pairs, now)
    assert files(shop.path) == before
