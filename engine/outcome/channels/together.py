"""Everything that is said of the channels, worked out at one go."""

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from engine.errors import NotEnoughData
from engine.outcome import joined, measured, programme
from engine.outcome.channels import each
from engine.outcome.channels.delay import Delay, delays
from engine.outcome.channels.hours import Hours, hours
from engine.outcome.channels.reconciled import Contacts, Reconciled, contacts, reconciled
from engine.outcome.draws import draws
from engine.outcome.joined import Known
from engine.outcome.programme import Together
from engine.outcome.touches import HORIZON, touches
from engine.sentences import Said, Sentence
from engine.shop.store import Shop


@dataclass(frozen=True, slots=True)
class Answer:
    """told: `each.recorded`. results: `measured`, None for a shop without orders. notes: where its money comes from.

    reconciled, contacts: None where `missing` says what the shop lacks for them.

    unmatched: channel, kind ("ads", "totals"), orders: claims for the same days that no customer stands behind, so that
    nobody can say which orders they mean.

    by_export: names of the plans without single deliveries: in reconciled, contacts and delays whoever was given to the
    sending tool counts as sent at the plan's moment.
    """

    told: pd.DataFrame
    results: pd.DataFrame | None
    notes: tuple[Sentence, ...]
    reconciled: Reconciled | None
    contacts: Contacts | None
    unmatched: pd.DataFrame
    by_export: tuple[str, ...]
    delays: list[Delay]
    hours: list[Hours]
    missing: tuple[Said, ...] = ()

    def table(self, days: int = measured.OWN) -> pd.DataFrame:
        """A row per channel, see `each.channels`."""
        return each.channels(self.told, self.results, days)

    def total(self, days: int = measured.OWN) -> Together | None:
        """All plans together: the sum of the channels. None for a shop without orders."""
        return programme.together(self.results, days) if self.results is not None else None

    def apart(self, days: int = measured.OWN) -> pd.DataFrame:
        """Rows of `measured` that left somebody out and are not in the sum."""
        rows = measured.at(self.results, days) if self.results is not None else pd.DataFrame({"verdict": []})
        return rows[rows["verdict"].isin(each.APART)]


def answer(shop: Shop, seed: int = 0, known: Known | None = None) -> Answer:
    """What is known of the channels. known: where it was read before. Raises NotEnoughData without campaigns, ads and
    exports."""
    if known is None and shop.rows("orders"):
        known = joined.read(shop)
    drawn = known.draws if known is not None else draws(shop)
    told = each.recorded(shop, drawn)
    results = measured.of_known(shop, known) if known is not None else None
    notes = known.notes if known is not None else ()
    try:
        by_hour = hours(shop)
    except NotEnoughData:
        by_hour = []
    try:
        found = touches(shop, drawn)
    except NotEnoughData as lacking:
        return Answer(told, results, notes, None, None, _no_claims(), (), [], by_hour, tuple(lacking.said))
    parts = reconciled(found)
    told_apart = _told_from_none(told, results)
    arrived = [
        one if one.channel in told_apart or one.basis != "extra" else one.unsaid() for one in delays(found, seed)
    ]
    names = drawn.about.set_index("campaign_id")["name"]
    return Answer(
        told, results, notes, parts, contacts(found), _unmatched(shop, told, parts, found.by_export),
        tuple(str(names[one]) for one in found.by_export), arrived, by_hour,
    )  # fmt: skip


def _told_from_none(told: pd.DataFrame, results: pd.DataFrame | None) -> set[str]:
    """Channels whose extra orders are surely above none, both in the window of their plans and in the days that a delay
    looks at: of what may be nothing no share can have come."""
    surely = [
        {str(row.channel) for row in each.channels(told, results, days).itertuples() if row.extra_low > 0}
        for days in (measured.OWN, HORIZON)
    ]
    return surely[0] & surely[1]


def _no_claims() -> pd.DataFrame:
    return pd.DataFrame(columns=["channel", "kind", "orders"])


def _unmatched(shop: Shop, told: pd.DataFrame, parts: Reconciled, by_export: Collection[str]) -> pd.DataFrame:
    """Orders that ad platforms and a mail tool's totals claim in the days of the reconciliation. Whom the campaigns of
    by_export were for is known, totals or not."""
    found = []
    after = parts.last + pd.Timedelta(days=1)
    if "conversions" in shop.columns("ads"):
        wanted = ("date", "channel", "conversions")
        rows = shop.table("ads", [one for one in shop.columns("ads") if one in wanted])
        rows = rows[(rows["date"] >= parts.first) & (rows["date"] < after)]
        named = rows["channel"].astype("str").fillna("?") if "channel" in rows else pd.Series("?", rows.index)
        found.append(_claims(named, rows["conversions"], "ads"))
    rows = told[told["source"].eq("totals") & ~told["campaign_id"].isin(by_export)]
    rows = rows[(rows["starts_at"] >= parts.first) & (rows["starts_at"] < after)]
    found.append(_claims(rows["channel"], rows["orders"], "totals"))
    found = [one for one in found if len(one)]
    return pd.concat(found, ignore_index=True) if found else _no_claims()


def _claims(channel: pd.Series, orders: pd.Series, kind: str) -> pd.DataFrame:
    table = orders.astype("float64").groupby(channel.rename("channel")).sum(min_count=1).dropna()
    return table.rename("orders").reset_index().assign(kind=kind)
