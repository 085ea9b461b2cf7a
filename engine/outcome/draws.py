"""Who was to get a message and who was left out, and from which moment their orders count.

From the assignments kept with exports, and from deliveries that name those left out (treated 0) of other campaigns.
The moment is the same for both groups of a draw, so that neither has more time than the other:

    deliveries   the first delivery on record to those sent, or each customer's own would-be time where both have one
    plan         the day and hour of the plan's first message
    export       the export, where that came after the plan was to start and before its last day was over

An export after the plan's last day is a record of what was run before: the plan's own moment counts.

Of exports before a plan starts the last one counts: it replaced the others. Later ones add whom no earlier one has.

Where a test was sent first and the rest later, each of the two has a moment of its own. Those left out were drawn
before that, so chance deals them to the two moments in the same shares: both groups then wait alike.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.campaign import sms, window
from engine.campaign.plan import Plan
from engine.decision import assignments, plans
from engine.decision.evenly import TEST
from engine.shop.features import campaign_windows
from engine.shop.store import Shop

COLUMNS = [
    "campaign_id", "customer_id", "treated", "variant", "propensity", "variant_propensity", "global_holdout", "at",
    "converted",
]  # fmt: skip
ABOUT = [
    "campaign_id", "name", "channel", "goal", "source", "send_from", "starts_at", "window_days", "messages",
    "send_cost", "offer_kind",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Draws:
    """people: COLUMNS, one row per campaign and customer, of campaigns that left somebody out or were exported.

    about: ABOUT, one row per campaign of people; source "assignment" or "deliveries"; window_days from the first
    message to the end of the last one's window; messages: how many were sent; send_cost: money for all of them, missing
    where nobody said what one costs. contacts: campaign_id, customer_id, at: every message that was sent, of any
    campaign, some twice. customer_id is a category in both, of the same `customers`. exports: plans that were exported,
    with or without somebody left out. converted: what a sending tool said, missing where none did. variant_propensity:
    the chance of the customer's variant among those written to, 1 for who was left out; missing where nobody recorded
    it, and for all who stand for the rest of a first test, which got the winner and not by the draw.
    """

    people: pd.DataFrame
    about: pd.DataFrame
    contacts: pd.DataFrame
    customers: pd.Index
    exports: frozenset[str]


def draws(shop: Shop) -> Draws:
    """Every draw that the shop knows of."""
    delivered = _deliveries(shop)
    stored = {saved.plan.plan_id: saved.plan for saved in plans.saved_plans(shop.path)}
    kept = assignments.saved(shop.path, every=True)
    customers = _as_categories(kept, delivered)  # told apart once: millions of texts are compared no further
    ours, about_ours = _assigned(shop, kept, stored, delivered)
    rest = delivered[~delivered["campaign_id"].isin(about_ours["campaign_id"])]
    theirs, about_theirs = _of_deliveries(shop, rest)
    contacts = [
        part.loc[part["treated"] == 1, ["campaign_id", "customer_id", "at"]]
        for part in (ours, delivered.rename(columns={"sent_at": "at"}))
    ]
    return Draws(
        _concatenated([ours, theirs]),
        pd.concat([about_ours, about_theirs], ignore_index=True),
        _concatenated(contacts),
        customers,
        frozenset(about_ours["campaign_id"]),
    )


def _as_categories(*tables: pd.DataFrame) -> pd.Index:
    """Makes customer_id a category of the same customers in each table; gives these."""
    codes, ids = pd.factorize(pd.concat([table["customer_id"] for table in tables], ignore_index=True))
    kind, customers = pd.CategoricalDtype(ids), pd.Index(ids)
    begin = 0
    for table in tables:
        table["customer_id"] = pd.Categorical.from_codes(codes[begin : begin + len(table)], dtype=kind)
        begin += len(table)
    return customers


def _concatenated(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Those with rows, for an empty one has no categories; the first where none has."""
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


# --- assignments ---


def _assigned(
    shop: Shop, kept: pd.DataFrame, stored: dict[str, Plan], delivered: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    people, about = [_no_people()], [pd.DataFrame(columns=ABOUT)]
    times = {text: on_the_clock(text, shop.settings.time_zone) for text in kept["exported_at"].unique()}
    kept = kept.assign(exported=kept["exported_at"].map(times).astype("datetime64[us]"))
    known = dict(iter(delivered.groupby("campaign_id")))
    for plan_id, rows in kept.groupby("plan_id", sort=False):
        plan = stored.get(str(plan_id))
        first = rows["exported"].min()
        planned = pd.Timestamp(window.first_day(plan)) + pd.Timedelta(hours=plan.send_hour) if plan else first
        counted = _counted(rows, planned)
        counted["leaves"] = _leaves(str(plan_id), counted)
        counted[assignments.OF_VARIANT] = _of_variant(plan, rows, counted)
        ends = pd.Timestamp(plan.ends_at) + pd.Timedelta(days=1) if plan else first
        at, send_from = _moments(counted, planned, ends, known.get(plan_id))
        people.append(counted.assign(campaign_id=plan_id, at=at, converted=_said(counted, known.get(plan_id)))[COLUMNS])
        about.append(pd.DataFrame([_about_plan(shop, str(plan_id), plan, counted, send_from, at.min())], columns=ABOUT))
    return _concatenated(people).astype({"at": "datetime64[us]"}), pd.concat(about, ignore_index=True)


def on_the_clock(text: str, time_zone: str) -> pd.Timestamp:
    """An instant as the history wrote it, on the shop's clock."""
    at = pd.Timestamp(text)
    return at if at.tzinfo is None else at.tz_convert(time_zone).tz_localize(None)


def _counted(rows: pd.DataFrame, planned: pd.Timestamp) -> pd.DataFrame:
    """One row per customer: of the last export before the plan starts, and of later ones those who are new.

    Where the rest of a first test was sent, that export tells of everybody. The rest has no variant here: it got the
    winner, and not by the draw.
    """
    if assignments.STAGE in rows:
        whole = rows[rows["seq"].eq(rows["seq"].max())]
        if (rest := whole[assignments.STAGE].eq(assignments.REST)).any():
            return whole.assign(variant=whole["variant"].mask(rest, "")).reset_index(drop=True)
    before = rows.loc[rows["exported"] <= planned, "seq"]
    rows = rows[rows["seq"] >= (before.max() if len(before) else rows["seq"].min())]
    return rows.sort_values("seq", kind="stable").drop_duplicates("customer_id", ignore_index=True)


def _leaves(plan_id: str, counted: pd.DataFrame) -> pd.Series:
    """By which sending each customer's time begins: the export's number, or the stage of a first test and its rest."""
    stages = counted[assignments.STAGE].fillna("") if assignments.STAGE in counted else pd.Series("", counted.index)
    if not stages.eq(assignments.REST).any():
        return counted["seq"].astype("str")
    sent = counted["treated"].eq(1)
    lot = pd.util.hash_array((plan_id + ":" + counted["customer_id"].astype("str")).to_numpy(dtype=object))
    place = pd.Series(lot, counted.index).where(~sent).rank(pct=True)
    return stages.where(sent, np.where(place > stages[sent].eq(assignments.REST).mean(), TEST, assignments.REST))


def _of_variant(plan: Plan | None, rows: pd.DataFrame, counted: pd.DataFrame) -> pd.Series:
    """As `Draws` says: recorded with a first test, else in the equal shares in which `decision.assign` draws.

    rows: of every export, which say what was drawn from where the plan was changed since.
    """
    sent = counted["treated"].eq(1)
    if assignments.STAGE in counted and counted[assignments.STAGE].fillna("").ne("").any():
        recorded = counted[assignments.OF_VARIANT].where(sent, 1.0)
        return recorded.mask(counted["leaves"].eq(assignments.REST))
    found = pd.Series(1.0, counted.index)
    for seq, drawn in rows.loc[rows["treated"].eq(1)].groupby("seq")["variant"]:
        seen = list(drawn.unique())
        names = plan.variants if plan and set(plan.variants) == set(seen) else seen
        share = {one: names.count(one) / len(names) for one in seen}
        here = sent & counted["seq"].eq(seq)
        found[here] = counted.loc[here, "variant"].map(share)
    return found


def _moments(
    counted: pd.DataFrame, planned: pd.Timestamp, ends: pd.Timestamp, delivered: pd.DataFrame | None
) -> tuple[pd.Series, str]:
    """When each customer's orders begin to count: one moment for each sending."""
    exported = counted["exported"].where(counted["treated"].eq(1)).groupby(counted["leaves"]).transform("min")
    exported = exported.fillna(counted["exported"])
    late = (exported > planned) & (exported < ends)
    moments, send_from = exported.where(late, planned), "export" if late.all() else "plan"
    sent = delivered[delivered["treated"] == 1] if delivered is not None else None
    if sent is not None and sent["sent_at"].notna().any():
        earliest = sent["sent_at"].groupby(sent["customer_id"].cat.codes).min()
        first = counted["customer_id"].cat.codes.map(earliest).groupby(counted["leaves"]).transform("min")
        return first.fillna(moments), "deliveries" if first.notna().all() else send_from
    return moments, send_from


def _said(counted: pd.DataFrame, delivered: pd.DataFrame | None) -> pd.Series | float:
    """1 for who ordered by what a sending tool says, 0 for who did not, missing where it says nothing."""
    if delivered is None:
        return np.nan
    said = delivered["converted"].groupby(delivered["customer_id"].cat.codes).max()
    return counted["customer_id"].cat.codes.map(said)


def _about_plan(
    shop: Shop, plan_id: str, plan: Plan | None, counted: pd.DataFrame, send_from: str, starts_at: pd.Timestamp
) -> list[object]:
    if plan is None:
        return [plan_id, plan_id, "", "", "assignment", send_from, starts_at, 7, len(counted), np.nan, "none"]
    sent = counted[(counted["treated"] == 1) & (counted["global_holdout"] != 1)]
    by = sent["channels"].str.split("|").explode().value_counts()
    cost, messages = 0.0, 0
    for step in plan.steps:
        row = {"channel": step.channel, "language": step.language, "body": step.texts.get("body")}
        number = int(by.get(step.channel, 0))
        messages += number
        cost += number * sms.cost_of(row, shop.settings) if step.channel in shop.settings.send_cost else np.nan
    days = window.of_plan(shop.settings, plan)
    return [
        plan_id, plan.name, plan.channel, plan.objective, "assignment", send_from, starts_at, days, messages, cost,
        plan.offer.kind,
    ]  # fmt: skip


# --- deliveries ---


def _deliveries(shop: Shop) -> pd.DataFrame:
    """campaign_id, customer_id, sent_at, treated, variant, propensity, converted, as single deliveries have them."""
    wanted = ["campaign_id", "customer_id", "sent_at", "treated", "variant", "propensity", "converted"]
    if not shop.rows("deliveries"):
        return pd.DataFrame({name: pd.Series(dtype="str") for name in wanted}).astype(
            {"sent_at": "datetime64[us]", "treated": "float64", "propensity": "float64", "converted": "float64"}
        )
    rows = shop.table("deliveries", [name for name in shop.columns("deliveries") if name in wanted])
    treated = rows["treated"].fillna(1.0) if "treated" in rows else 1.0
    return rows.assign(treated=treated).reindex(columns=wanted)


def _of_deliveries(shop: Shop, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Campaigns whose deliveries name those left out: everyone by their first (would-be) message."""
    held = rows.loc[rows["treated"] == 0, "campaign_id"].unique()
    rows = rows[rows["campaign_id"].isin(held) & rows["sent_at"].notna()]
    if rows.empty:
        return _no_people(), pd.DataFrame(columns=ABOUT)
    messages = rows[rows["treated"] == 1].groupby("campaign_id").size()
    first = rows.sort_values("sent_at", kind="stable").drop_duplicates(["campaign_id", "customer_id"])
    variant = first["variant"].astype("object").where(first["variant"].notna(), "")
    is_drawn = first["treated"].eq(1) & variant.ne("")  # a delivery says which variant, and not how likely it was
    first = first.assign(variant=variant, variant_propensity=np.where(is_drawn, np.nan, 1.0))
    people = first.assign(global_holdout=0, at=first["sent_at"])[COLUMNS]
    return people, _about_campaigns(shop, messages, people.groupby("campaign_id")["at"].min())


def _about_campaigns(shop: Shop, messages: pd.Series, starts_at: pd.Series) -> pd.DataFrame:
    wanted = ["name", "channel", "goal", "offer_kind", "send_cost"]
    known = shop.optional("campaigns").drop_duplicates("campaign_id").set_index("campaign_id")
    table = known.reindex(index=starts_at.index, columns=wanted)
    channel = table["channel"].astype("object").where(table["channel"].notna(), "")
    days = channel.map(shop.settings.window).astype("int64")
    if shop.rows("campaigns"):
        windows = campaign_windows(shop).drop_duplicates("campaign_id").set_index("campaign_id")
        days = windows["window_days"].reindex(table.index).fillna(days).astype("int64")
    each = table["send_cost"].astype("float64").fillna(channel.map(shop.settings.send_cost).astype("float64"))
    sent = messages.reindex(table.index).fillna(0)
    about = table.assign(
        name=table["name"].astype("object").where(table["name"].notna(), table.index), channel=channel,
        source="deliveries", send_from="deliveries", starts_at=starts_at, window_days=days, messages=sent,
        send_cost=sent * each,
    )  # fmt: skip
    about.index.name = "campaign_id"
    return about.reset_index()[ABOUT]


def _no_people() -> pd.DataFrame:
    kinds = {
        "treated": "int64", "propensity": "float64", "variant_propensity": "float64", "global_holdout": "int64",
        "at": "datetime64[us]", "converted": "float64",
    }  # fmt: skip
    return pd.DataFrame({name: pd.Series(dtype="str") for name in COLUMNS}).astype(kinds)
