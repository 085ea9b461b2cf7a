"""The files of one plan for one target: whom to send to, whom never to, and who is in no file and why."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from engine.campaign import links
from engine.campaign.plan import Plan
from engine.decision import cells, workbook
from engine.decision.export import fitting, lists
from engine.decision.export.lists import Named
from engine.decision.export.targets import Target, TargetName
from engine.sentences import Sentence, known
from engine.shop.store import Shop

Kind = Literal["send", "hold", "wait", "aside"]
HOLD = "DO-NOT-SEND"  # first in the name, so that no list of files hides it
WAIT = "DO-NOT-SEND-YET"
ASIDE = "not-exported"


@dataclass(frozen=True, slots=True)
class TargetFile:
    """One file, with how many people stand in it.

    kind: "send" to them; "hold": who must not get the plan; "wait": who gets it after the test; "aside": who is in
    no file, or not with every address, and why. step counts from 0, None for the whole plan. shared: variant and
    language of all its people, where the target has no column for them. part: of several that a limit of the tool
    makes, from 1; 0 where one is enough.
    """

    name: str
    kind: Kind
    people: int
    content: bytes
    step: int | None = None
    shared: tuple[str, ...] = ()
    part: int = 0


@dataclass(frozen=True, slots=True)
class Package:
    """Everything of one plan for one target.

    identifiers: what of the vault its files hold, or customer_id alone. asked: customers who were to get a message that
    the target sends; named: those in a file. aside, unused: by reason, customers in no file of a message, and addresses
    left out of people who stand there by another. held: who must not get the plan; held_named: those the tool can know.
    links: where each variant leads, or that the tool cannot tell variants apart.
    """

    plan_id: str
    target: TargetName
    identifiers: tuple[str, ...]
    files: list[TargetFile]
    asked: int
    named: int
    aside: dict[str, int]
    unused: dict[str, int]
    held: int
    held_named: int
    links: tuple[Sentence, ...] = ()

    @property
    def report(self) -> list[Sentence]:
        """What became of everybody, for the person who exports."""
        of = f"{self.asked:,}"
        said = [Sentence("targets.named", {"count": f"{self.named:,}", "of": of})]
        if self.identifiers == ("customer_id",):
            said.append(Sentence("targets.no_vault"))
        said += [Sentence(f"targets.why_{why}", {"count": f"{n:,}", "of": of}) for why, n in self.aside.items()]
        for why, n in self.unused.items():
            values = {"why": Sentence(f"targets.why_{why}", {"count": f"{n:,}", "of": of})}
            said.append(Sentence("targets.unused", values))
        if self.held:
            said.append(Sentence("targets.held", {"count": f"{self.held:,}", "named": f"{self.held_named:,}"}))
        return [*said, *self.links]

    @property
    def checklist(self) -> list[Sentence]:
        """What to do with the files in the tool, in order."""
        send, hold = (", ".join(file.name for file in self.files if file.kind == kind) for kind in ("send", "hold"))
        steps = ("send", "hold", "last") if hold else ("send", "last")
        keys = [f"targets.{step}_{self.target}_{number}" for step in steps for number in range(1, 5)]
        return [Sentence(key, {"send": send, "hold": hold}) for key in keys if known(key)]


@dataclass(frozen=True, slots=True)
class People:
    """Whom the files of a plan for a target will name, message by message, before a word of them is written.

    target: as this shop can use it. barred: who must not get the plan, as the target spells them; waiting: who must not
    get it yet, likewise. stage: of a plan with a first test, else "".
    """

    plan: Plan
    target: Target
    messages: list[Named]
    barred: pd.DataFrame
    waiting: pd.DataFrame
    stage: str = ""

    def ids(self, only: Collection[str] | None = None) -> list[str]:
        """Everybody who stands in a file to send; `only`: in those of a message of which one has such a name."""
        wanted = [one for one in self.messages if only is None or any(_is_of(self, one, name) for name in only)]
        return list(dict.fromkeys(customer_id for one in wanted for customer_id in one.rows["customer_id"]))


def people(
    shop: Shop,
    plan: Plan,
    table: pd.DataFrame,
    held: pd.DataFrame,
    target: Target,
    contacts: pd.DataFrame,
    waiting: pd.DataFrame,
    stage: str,
) -> People:
    """table, held: of `people.languages` and `with_held_globally`; contacts: the vault's; waiting, stage: of `Cut`."""
    used = target if len(contacts) else lists.without_vault(target)
    country = shop.settings.country
    barred = lists.held_out(held, plan, used, contacts, country)
    later = lists.held_out(waiting, plan, used, contacts, country)
    return People(plan, used, lists.to_send(shop, plan, table, barred, used, contacts), barred, later, stage)


def build(who: People, given: Mapping[str, str], written: bool = True) -> Package:
    """The files of a plan. given: customer_id -> the code that stands beside them, where each has one of their own.

    Not `written`, they are named and counted and have no content, which takes half the time.
    """
    plan, target, barred = who.plan, who.target, who.barred
    found = [_with_link(_with_code(one, plan, target, given), plan, target) for one in who.messages]
    files = [file for one in found for file in _send(who, one, written)]
    known_here, known_later = _known(target, barred), _known(target, who.waiting)
    addresses = [header for header in barred if header != "customer_id"]
    kinds: tuple[tuple[pd.DataFrame, str, Kind], ...] = ((known_here, HOLD, "hold"), (known_later, WAIT, "wait"))
    for rows, stem, kind in kinds:
        if len(rows):
            files += _parts(rows, target, addresses, f"{stem}-{plan.plan_id}-{target.name}", kind, written)
    aside = pd.concat([one.aside for one in found], ignore_index=True)
    if len(aside):
        name = f"{ASIDE}-{plan.plan_id}-{target.name}.csv"
        content = cells.to_csv(aside) if written else b""
        files.append(TargetFile(name, "aside", aside["customer_id"].nunique(), content))
    ids = set(who.ids())
    contacts_used = dict.fromkeys(column.contact for one in found for column in one.columns)
    return Package(
        plan.plan_id,
        target.name,
        tuple(contacts_used) or ("customer_id",),
        files,
        len(ids | set(aside["customer_id"])),
        len(ids),
        _by_reason(aside, 0),
        _by_reason(aside, 1),
        len(barred),
        len(known_here),
        _links_said(plan, target),
    )


def _with_code(one: Named, plan: Plan, target: Target, given: Mapping[str, str]) -> Named:
    """The people of a message with each one's code, or with the plan's own for templates that take it from a column."""
    if given:
        return replace(one, rows=one.rows.assign(code=one.rows["customer_id"].map(dict(given)).fillna("")))
    if target.variables and plan.offer.code:
        return replace(one, rows=one.rows.assign(code=plan.offer.code))
    return one


def _with_link(one: Named, plan: Plan, target: Target) -> Named:
    """The people of a message with the address of each one's variant, where variants have their own."""
    if links.own_variants(plan) == [""]:
        return one
    step = _first_step(plan, target) if one.step is None else one.step
    by_variant = {variant: links.of_step(plan, step, variant) for variant in plan.variants}
    return replace(one, rows=one.rows.assign(link=one.rows["variant"].map(by_variant)))


def _first_step(plan: Plan, target: Target) -> int:
    return next(number for number, step in enumerate(plan.steps) if target.sends(step.channel))


def _links_said(plan: Plan, target: Target) -> tuple[Sentence, ...]:
    """How the tool comes to the address of each variant; nothing for a plan whose variants have none of their own."""
    variants = links.own_variants(plan)
    if variants == [""]:
        return ()
    tool = Sentence(f"targets.name_{target.name}")
    if target.is_ad:
        values = {one: links.of_step(plan, _first_step(plan, target), one) for one in variants}
        return tuple(
            Sentence("targets.link_by_hand", {"tool": tool, "variant": one, "link": link})
            for one, link in values.items()
        )
    sent = [step.channel for step in plan.steps if target.sends(step.channel)]
    said = [Sentence("targets.link_same")] if set(sent) & set(links.IN_THE_TEXT) else []
    if "link" in target.headers and set(sent) - set(links.IN_THE_TEXT):
        return (Sentence("targets.link_column", {"column": target.headers["link"]}), *said)
    return tuple(said)


def _by_reason(aside: pd.DataFrame, exported: int) -> dict[str, int]:
    """Customers of each reason, the most common first."""
    counts = aside[aside["exported"].eq(exported)].groupby("reason")["customer_id"].nunique()
    return {str(reason): int(count) for reason, count in counts.sort_values(ascending=False, kind="stable").items()}


def _known(target: Target, rows: pd.DataFrame) -> pd.DataFrame:
    """Those of whom the target has something to know them by."""
    return rows if target.keeps_id else rows[rows.drop(columns="customer_id").ne("").any(axis="columns")]


def _send(who: People, named: Named, written: bool) -> list[TargetFile]:
    """The files of one message: one for each variant and language that the target has no column for."""
    target, stem = who.target, _stem(who, named)
    apart = [name for name in ("variant", "language") if name in named.rows and name not in target.headers]
    addresses = [column.header for column in named.columns]
    if not apart:
        files = _parts(named.rows, target, addresses, stem, "send", written)
    else:
        groups = list(named.rows.groupby(apart, sort=True))
        files = [
            replace(file, shared=tuple(map(str, shared)))
            for number, (shared, rows) in enumerate(groups, start=1)
            for file in _parts(rows, target, addresses, f"{stem}-group{number}", "send", written)
        ] or _parts(named.rows, target, addresses, stem, "send", written)
    return [replace(file, step=named.step) for file in files]


def _stem(who: People, named: Named) -> str:
    """What the names of all files of a message begin with."""
    stem = f"{who.plan.plan_id}-{who.target.name}" + (f"-{who.stage}" if who.stage else "")
    several = named.step is not None and len(who.plan.steps) > 1
    return f"{stem}-{(named.step or 0) + 1}-{named.channel}" if several else stem


def _is_of(who: People, named: Named, name: str) -> bool:
    return name.startswith(_stem(who, named))


def _parts(
    rows: pd.DataFrame, target: Target, addresses: list[str], stem: str, kind: Kind, written: bool
) -> list[TargetFile]:
    """The rows as one file, or as several that the tool takes."""
    more = {name: header for name, header in target.headers.items() if name in rows}
    shown = rows[[*(["customer_id"] if target.keeps_id else []), *addresses, *more]].rename(columns=more)
    fitting.require(shown, target)
    if kind in ("hold", "wait"):
        shown = shown.drop_duplicates(ignore_index=True)
    render = _renderer(target, addresses) if written or target.max_bytes else lambda rows: b""
    pieces = _within(shown, render, target)
    return [
        TargetFile(
            f"{stem}-part{number}.{target.suffix}" if len(pieces) > 1 else f"{stem}.{target.suffix}",
            kind,
            count,
            content if written else b"",
            part=number if len(pieces) > 1 else 0,
        )
        for number, (count, content) in enumerate(pieces, start=1)
    ]


def _renderer(target: Target, addresses: list[str]) -> Callable[[pd.DataFrame], bytes]:
    if target.form == "xlsx":
        return lambda rows: workbook.to_xlsx({"people": rows})
    return lambda rows: cells.to_csv(rows, as_is=addresses if target.form == "tool_csv" else None)


def _within(rows: pd.DataFrame, render: Callable[[pd.DataFrame], bytes], target: Target) -> list[tuple[int, bytes]]:
    """The rows in as many pieces as the tool's limits ask for, halved until each fits."""
    fits = target.max_rows is None or len(rows) <= target.max_rows
    content = render(rows) if fits else b""
    if fits and (target.max_bytes is None or len(content) <= target.max_bytes or len(rows) < 2):
        return [(len(rows), content)]
    half = (len(rows) + 1) // 2
    return [*_within(rows.iloc[:half], render, target), *_within(rows.iloc[half:], render, target)]
