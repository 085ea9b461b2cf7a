"""What was put before a second person, in words and in either language: read from its entry in the approval history.

Names of groups and products are those the shop has now; everything else is what was submitted.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from engine.audience import segments
from engine.campaign import first_test, merge, planned
from engine.campaign.plan import PARTS, Offer, Plan, Step
from engine.campaign.writer.as_read import money, percent_off
from engine.decision import grounds, moments, overrides
from engine.decision.ledger import Entry
from engine.errors import AppError, StoreProblem
from engine.sentences import Sentence, known, say
from engine.shop.store import Shop

SUBMISSION = "submission"  # under which a decision names the entry it is about: its number and its hash


@dataclass(frozen=True, slots=True)
class Line:
    """One fact with what it is called."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a customer reads it: when and how it goes out, then its parts in reading order."""

    about: str
    parts: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A submitted plan in words. `grounds`: what the forecast rests on; `supported`: whether the past bears it."""

    name: str
    audience: tuple[Line, ...]
    offer: tuple[Line, ...]
    messages: tuple[Message, ...]
    verdict: str
    forecast: tuple[Line, ...]
    grounds: tuple[str, ...]
    supported: bool
    asked_by: str = ""
    asked_at: str = ""  # on the shop's clock
    content_sha256: str = ""

    def facts(self) -> dict[str, str]:
        """Everything that an approval binds, by what it is called."""
        written = {f"{m.about} · {part.name}": part.text for m in self.messages for part in m.parts}
        return {line.name: line.text for line in (*self.audience, *self.offer)} | written


def of_entry(shop: Shop, entry: Entry, language: str = "en") -> Proposal:
    """The proposal of a submission. Raises StoreProblem for one of an Offerlab whose plans were made otherwise."""
    try:
        plan = Plan.model_validate(entry.payload["plan"])
    except (KeyError, ValidationError) as error:
        raise StoreProblem(Sentence("pack.other_version", {"seq": entry.seq})) from error
    found = of_plan(shop, plan, numbers_of(entry), dict(entry.payload.get("filled") or {}), language)
    at, content = moments.shown(entry.at, shop), str(entry.payload["content_sha256"])
    return replace(found, asked_by=entry.actor, asked_at=at, content_sha256=content)


def of_plan(shop: Shop, plan: Plan, row: Mapping[str, Any], copy: dict[str, str], language: str = "en") -> Proposal:
    """A plan as it would be submitted, with its forecast (`row`; also of one the size of its audience) and its copy."""
    told = _Teller(shop, language)
    return Proposal(
        name=plan.name,
        audience=told.audience(plan, row),
        offer=told.offer(plan),
        messages=told.messages(plan, copy),
        verdict=told.verdict(row),
        forecast=told.forecast(row),
        grounds=told.grounds(row),
        supported=bool(row.get("supported")),
    )


def numbers_of(submission: Entry) -> dict[str, Any]:
    """The forecast that was submitted; where there was none, what was counted all the same."""
    counted = (submission.payload.get(grounds.KEY) or {}).get("audience")
    return {"audience_size": counted} | dict(submission.payload.get("forecast") or {})


def differences(before: Proposal, after: Proposal) -> list[tuple[str, str, str]]:
    """(what, before, after) of each fact that is not the same; empty text where one of them does not have it."""
    old, new = before.facts(), after.facts()
    return [
        (name, old.get(name, ""), new.get(name, ""))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    ]


def submission_of(decision: Entry, entries: list[Entry]) -> Entry | None:
    """What a decision was about: the submission it names; of an older one, the last before it with the same content.

    None where there is none.
    """
    if named := decision.payload.get(SUBMISSION):
        return next((entry for entry in entries if (entry.seq, entry.hash) == (named["seq"], named["hash"])), None)
    content = decision.payload.get("content_sha256")
    same = [
        entry
        for entry in entries
        if entry.action == "submitted" and entry.seq < decision.seq and entry.payload.get("content_sha256") == content
    ]
    return same[-1] if same else None


class _Teller:
    """Values of one shop in one language."""

    def __init__(self, shop: Shop, language: str):
        self.shop, self.language = shop, language

    def words(self, name: str, **values: object) -> str:
        return say(f"pack.{name}", self.language, **values)

    def line(self, name: str, text: str) -> Line:
        return Line(self.words(name), text)

    def choice(self, family: str, value: str) -> str:
        """One of a list of choices in words; what the shop named itself stays as it is."""
        key = f"plan.{family}_{value}"
        return say(key, self.language) if known(key) else value.replace("_", " ")

    def listed(self, parts: list[str]) -> str:
        return ("、" if self.language == "zh" else ", ").join(parts)

    def money(self, amount: float, whole: bool = False) -> str:
        """-1234.5 as "-$1,235" where only whole units count."""
        shown = money(float(round(abs(amount))) if whole else abs(amount), self.shop.settings.currency, self.language)
        return f"-{shown}" if amount < 0 and (not whole or round(amount)) else shown

    # --- who ---

    def audience(self, plan: Plan, row: Mapping[str, Any]) -> tuple[Line, ...]:
        named, left_out = plan.audience, []
        who = [f"“{self.group(one)}”" for one in named.segment_ids]
        who += [self.words("by_rule", rule=named.rule)] if named.rule else []
        who += [self.words("listed", count=f"{len(named.customer_ids):,}")] if named.customer_ids else []
        left_out += [f"“{self.group(one)}”" for one in named.exclusions]
        left_out += [self.words("by_rule", rule=named.exclude_rule)] if named.exclude_rule else []
        left_out += [self.words("recent", days=named.skip_buyers_days)] if named.skip_buyers_days else []
        lines = [self.line("who", self.listed(who) or "–")]
        lines += [self.line("left_out", self.listed(left_out))] if left_out else []
        size, reach = (row.get(name) for name in ("audience_size", "reachable"))
        if size is not None:
            counted = f"{int(size):,}"
            all_of = counted if reach is None else self.words("reached", size=counted, reach=f"{int(reach):,}")
            lines.append(self.line("how_many", all_of))
        if plan.audience_share < 1:
            lines.append(self.line("share", _percent(plan.audience_share)))
        held = self.words("held", share=_percent(plan.holdout)) if plan.holdout else self.words("held_nobody")
        return (*lines, self.line("holdout", held))

    def group(self, segment_id: str) -> str:
        """A group's plain name in the language; its id where the shop has no such group any more."""
        try:
            names = segments.current(self.shop).profiles.set_index("segment_id")["segment_name"]
        except AppError:
            return segment_id
        name = str(names.get(segment_id, segment_id))
        traits = [f"common.trait_{one.lower().replace(' ', '_').replace('-', '_')}" for one in
                  name.split(" (")[0].split(", ")]  # fmt: skip
        if not all(map(known, traits)):
            return name
        joined = say("common.trait_separator", self.language).join(say(trait, self.language) for trait in traits)
        return f"{joined[:1].upper()}{joined[1:]}{name[len(name.split(' (')[0]) :]}"

    # --- what ---

    def offer(self, plan: Plan) -> tuple[Line, ...]:
        offer, names = (
            plan.offer,
            self.products([*plan.product_ids, *plan.offer.applies_to, plan.offer.gift_product_id]),
        )
        lines = [self.line("offer", self.kind(offer, names))]
        terms: list[tuple[str, str | None]] = [
            ("code", self.words("own_codes") if offer.personal_codes else offer.code),
            ("min_spend", self.money(offer.min_spend) if offer.min_spend else None),
            ("max_discount", self.money(offer.max_discount) if offer.max_discount else None),
            ("applies_to", self.listed([names(one) for one in offer.applies_to])),
            ("per_customer", str(offer.per_customer_limit or "")),
            ("stackable", self.listed(list(offer.stackable_with))),
            ("products", self.listed([names(one) for one in plan.product_ids])),
            ("category", plan.category),
        ]
        lines += [self.line(name, text) for name, text in terms if text]
        lines.append(self.line("dates", self.words("from_to", starts=plan.starts_at, ends=plan.ends_at)))
        lines += [self.line("landing", plan.landing_url)] if plan.landing_url else []
        lines += self.variants(list(plan.variants))
        lines += [self.line("test_first", first_test.in_words(plan.test).text(self.language))] if plan.test else []
        return (*lines, self.line("goal", self.choice("goal", plan.objective)))

    def variants(self, names: list[str]) -> list[Line]:
        """By name, and that who decides sees one text for all of them."""
        if len(names) < 2:
            return [self.line("variants", self.listed(names))] if names else []
        listed = self.listed(names)
        return [self.line("variants", self.words("variants_texts", names=listed))]

    def kind(self, offer: Offer, names: Callable[[str], str]) -> str:
        name = self.choice("offer", offer.kind)
        if offer.kind == "percent" and offer.discount:
            return percent_off(offer.discount, self.language)
        if offer.kind == "amount" and offer.discount:
            return say("plans.amount_off", self.language, amount=self.money(offer.discount))
        if offer.kind == "spend_save":
            tiers = offer.tiers or [(offer.min_spend or 0.0, offer.discount or 0.0)]
            return self.listed(
                [self.words("tier", spend=self.money(spend), off=self.money(off)) for spend, off in tiers]
            )
        if offer.kind == "gift" and offer.gift_product_id:
            return f"{name}: {names(offer.gift_product_id)}"
        if offer.kind == "buy_x_get_y" and offer.tiers:
            return self.words("buy_get", buy=f"{offer.tiers[0][0]:g}", get=f"{offer.tiers[0][1]:g}")
        return f"{name}: {offer.discount:g}" if offer.kind == "points" and offer.discount else name

    def products(self, ids: list[str | None]) -> Callable[[str], str]:
        """Product names by id; what is no product, as a category, reads as it stands."""
        found: dict[str, str] = {}
        if any(ids) and self.shop.has("products"):
            table = self.shop.table("products", ["product_id", "name"])
            table = table[table["product_id"].isin([one for one in ids if one])]
            found = dict(zip(table["product_id"], table["name"].astype(str), strict=True))
        return lambda one: found.get(one, one)

    def messages(self, plan: Plan, kept: dict[str, str]) -> tuple[Message, ...]:
        return tuple(
            Message(self.about(plan, step, number, language), self.parts(kept, step, number, language))
            for number, step in enumerate(plan.steps)
            for language in step.languages
        )

    def about(self, plan: Plan, step: Step, number: int, language: str) -> str:
        day = (plan.starts_at + timedelta(days=step.day)).isoformat()
        said = [self.words("message", number=number + 1), self.choice("channel", step.channel)]
        said.append(self.words("on_day", day=day, hour=plan.send_hour))
        said += [self.choice("language", language)] if len(step.languages) > 1 else []
        return " · ".join(said + ([say("plan.stops_if_bought", self.language)] if step.condition else []))

    def parts(self, kept: dict[str, str], step: Step, number: int, language: str) -> tuple[Line, ...]:
        copy = planned.copy_of(kept, number, None if language == step.language else language)
        copy = copy or (dict(step.texts_in(language)) if number == 0 else {})
        read = [(part, merge.shown(copy.get(part, ""), language).strip()) for part in PARTS[step.channel]]
        return tuple(Line(self.choice("part", part), text) for part, text in read if text)

    # --- what it would bring ---

    def verdict(self, row: Mapping[str, Any]) -> str:
        key = row.get("verdict_key")
        if not key:
            return str(row.get("verdict") or self.words("no_forecast"))
        words = say(f"engine.{key}", self.language, n=f"{row.get('test_on', 0):,}")
        typed = row.get("basis") == "assumption" and key != "never_tried"
        return say("first.if_right", self.language, verdict=words) if typed else words

    def forecast(self, row: Mapping[str, Any]) -> tuple[Line, ...]:
        if row.get("extra_profit") is None:
            return ()

        def whole(amount: float) -> str:
            return self.money(amount, whole=True)

        def counted(orders: float) -> str:
            return f"{orders:,.0f}"

        lines = [self.ranged("extra_profit", row, whole)]
        if row.get("chance_of_loss") is not None:
            lines.append(self.line("chance_of_loss", _percent(row["chance_of_loss"])))
        lines += [self.ranged(name, row, counted) for name in ("orders", "extra_orders") if row.get(name) is not None]
        spent = [name for name in ("discount_cost", "send_cost") if row.get(name) is not None]
        return (*lines, *(self.line(name, whole(row[name])) for name in spent))

    def ranged(self, name: str, row: Mapping[str, Any], write: Callable[[float], str]) -> Line:
        value, ends = write(row[name]), [row.get(f"{name}_{end}") for end in ("low", "high")]
        low, high = (None if end is None else write(end) for end in ends)
        return self.line(name, value if low is None else self.words("range", value=value, low=low, high=high))

    def grounds(self, row: Mapping[str, Any]) -> tuple[str, ...]:
        """Basis and window, size and date of the data, and, where the past does not bear it, why."""
        if not row.get("basis"):
            return ()
        key = f"numbers.basis_{row.get('basis')}"
        basis = say(key, self.language) if known(key) else str(row.get("basis"))
        said = [self.words("basis", basis=basis, days=row.get("window_days", "–"))]
        if row.get("campaigns"):
            said.append(self.words("data", campaigns=f"{row['campaigns']:,}", messages=f"{row.get('messages', 0):,}",
                                 date=row.get("last_sent") or "–"))  # fmt: skip
        elif row.get("last_sent"):
            said.append(self.words("data_until", date=row["last_sent"]))
        if shown := row.get(overrides.KEY):
            why = overrides.why(shown, self.language)
            when = moments.shown(str(shown["at"]), self.shop)
            said.append(say("override.told", self.language, when=when, why=why, by=shown["by"], reason=shown["reason"]))
        reason = row.get("reason_zh") if self.language == "zh" else None
        if not row.get("supported") and (reason or row.get("reason")):
            said.append(str(reason or row["reason"]))
        return tuple(said)


def _percent(share: float) -> str:
    return f"{share * 100:.3g} %"
