"""Whom the files of a target name: the addresses of a plan's people as that tool spells them, and who has none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from engine.audience import reach
from engine.campaign import planned
from engine.campaign.plan import Plan
from engine.decision.export.identifiers import Unusable
from engine.decision.export.people import recipients
from engine.decision.export.targets import Column, Target
from engine.errors import NotAllowed
from engine.sentences import Sentence
from engine.shop.features import default_as_of
from engine.shop.store import Shop

ASIDE = ["plan_id", "message", "customer_id", "reason", "exported"]
_ALONE = ("refused", "held_out")  # about an address that somebody else has too


@dataclass(frozen=True, slots=True)
class Named:
    """The people of one message as a tool finds them, or those of the whole plan (step None; steps count from 0).

    rows: customer_id, a column for each address under its header, and what else is known of them by its own name.
    aside: ASIDE; who is not among the rows (exported 0), and whose address could not be used though they are (1).
    """

    step: int | None
    channel: str
    columns: tuple[Column, ...]
    rows: pd.DataFrame
    aside: pd.DataFrame


def without_vault(target: Target) -> Target:
    """The target of a shop that keeps no contacts: it can name people by the shop's own customer_id only."""
    form = "people_csv" if target.form == "tool_csv" else target.form
    known = {name: name for name in ("variant", "language", "code", "link")}
    return replace(target, form=form, by_channel=dict.fromkeys(target.by_channel, ()), keeps_id=True, headers=known)


def to_send(
    shop: Shop, plan: Plan, table: pd.DataFrame, barred_out: pd.DataFrame, target: Target, contacts: pd.DataFrame
) -> list[Named]:
    """Who gets each message that this target sends, or sees its ads.

    table: of `people.languages`; barred_out: what `held_out` gives; contacts: the vault's.

    An address that somebody shares who unsubscribed, or who is held out, is not used for anybody: the tool would write
    to them too. Raises NotAllowed where the target can do nothing for any message of the plan.
    """
    found = []
    for step, channel, people in _messages(plan, table, target):
        columns = target.columns(channel)
        blocked = {
            "refused": _refused(shop, plan, channel, columns, contacts),
            "held_out": _addresses(barred_out, columns),
        }
        message = "" if step is None else str(step + 1)
        rows, aside = _named(people, columns, contacts, shop.settings.country, blocked, target.keeps_id)
        aside_rows = [(plan.plan_id, message, *one) for one in aside]
        found.append(Named(step, channel, columns, rows, pd.DataFrame(aside_rows, columns=ASIDE)))
    return found


def held_out(table: pd.DataFrame, plan: Plan, target: Target, contacts: pd.DataFrame, country: str) -> pd.DataFrame:
    """customer_id and addresses, as the target spells them, of everybody who must not get this plan.

    table: treated 0 is held out; those of the permanent holdout may stand in it too. Whom the tool cannot know, having
    no usable address, keeps an empty row.
    """
    channels = [step.channel for step in plan.steps if target.sends(step.channel)]
    columns = {column.header: column for channel in channels for column in target.columns(channel)}
    ids = table.loc[table["treated"].eq(0), "customer_id"].tolist()
    return pd.DataFrame(
        {"customer_id": ids}
        | {header: _spelled(ids, column, contacts, country)[0] for header, column in columns.items()},
        dtype="object",
    )


def _messages(plan: Plan, table: pd.DataFrame, target: Target) -> list[tuple[int | None, str, pd.DataFrame]]:
    """(step, channel, people) of each list that this target takes."""
    lists = [one for one in recipients(plan, table) if target.sends(plan.steps[one.step].channel)]
    if not lists:
        values = {"tool": Sentence(f"targets.name_{target.name}")}
        raise NotAllowed(Sentence("targets.no_ad" if target.is_ad else "targets.no_message", values))
    if target.is_ad:  # one audience for all of them
        people = pd.concat([one.people for one in lists]).drop_duplicates("customer_id", ignore_index=True)
        return [(None, reach.AD, people)]
    return [(one.step, plan.steps[one.step].channel, one.people) for one in lists]


def _named(
    people: pd.DataFrame,
    columns: tuple[Column, ...],
    contacts: pd.DataFrame,
    country: str,
    blocked: Mapping[str, Collection[str]],
    keeps_id: bool,
) -> tuple[pd.DataFrame, list[tuple[str, str, int]]]:
    """The rows of `Named`, and customer_id, reason and exported of its aside."""
    ids = people["customer_id"].tolist()
    spelled, why = {}, []
    for column in columns:
        spelled[column.header], reasons = _spelled(ids, column, contacts, country)
        why.append(reasons)
    seen: set[str] = set()
    kept, aside = [], []
    for at, customer_id in enumerate(ids):
        addresses = [values[at] for values in spelled.values() if values[at]]
        wrong = [reasons[at] for reasons in why if reasons[at]]
        reason = next((name for name in _ALONE if any(one in blocked[name] for one in addresses)), "")
        if not reason and columns and not addresses and not keeps_id:
            reason = _of_nobody(wrong)
        if not reason and addresses and all(one in seen for one in addresses):
            reason = "duplicate"
        if reason:
            aside.append((customer_id, reason, 0))
            continue
        # Of several addresses one is enough, and that a customer never gave the others is nothing to tell.
        aside += [(customer_id, one, 1) for one in wrong if keeps_id or not one.startswith("no_")]
        seen.update(addresses)
        kept.append(at)
    rows = people.assign(**spelled) if spelled else people
    return rows.iloc[kept].reset_index(drop=True), aside


def _of_nobody(wrong: list[str]) -> str:
    """The one reason why somebody has no address that can be used."""
    if len(wrong) == 1:
        return wrong[0]
    return next((one for one in wrong if not one.startswith("no_")), "no_contact")


def _spelled(ids: list[str], column: Column, contacts: pd.DataFrame, country: str) -> tuple[list[str], list[str]]:
    """An address for each customer, "" where there is none to use, and the reason for that."""
    known = dict(zip(contacts["customer_id"], contacts[column.contact], strict=True))
    addresses, reasons = [], []
    for one in ids:
        text = known.get(one)
        found = Unusable(f"no_{column.contact}") if text is None or text != text else column.spelled(text, country)
        addresses.append("" if isinstance(found, Unusable) else found)
        reasons.append(found.reason if isinstance(found, Unusable) else "")
    return addresses, reasons


def _refused(
    shop: Shop, plan: Plan, channel: str, columns: tuple[Column, ...], contacts: pd.DataFrame
) -> frozenset[str]:
    """Addresses of customers who said that they want nothing by this channel, or must get nothing at all."""
    if not any(column.contact != "external_id" for column in columns):
        return frozenset()
    ids = contacts["customer_id"].tolist()
    why = reach.reasons(shop, ids, channel, default_as_of(shop), planned.limits(plan))
    gone = [one for one, reason in zip(ids, why, strict=True) if reason in reach.REFUSED]
    found: set[str] = set()
    for column in (column for column in columns if column.contact != "external_id"):
        found |= set(_spelled(gone, column, contacts, shop.settings.country)[0])
    return frozenset(found - {""})


def _addresses(held: pd.DataFrame, columns: tuple[Column, ...]) -> frozenset[str]:
    """Every address of those who are held out."""
    return frozenset(text for column in columns if column.header in held for text in held[column.header]) - {""}
