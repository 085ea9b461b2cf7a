"""How a plan's discount is set up in the shop, step by step, with the terms that were approved and no others.

What a plan does not say is "not limited", because that is what was approved; nothing is made up for it.
"""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from engine.campaign.plan import Plan
from engine.campaign.writer.as_read import money
from engine.decision.codes import Stock
from engine.sentences import Language, say
from engine.shop.store import Shop

PAGE = Path(__file__).resolve().parents[2] / "assets" / "print" / "setup.html"
WITH_A_MINIMUM = ("percent", "amount", "gift", "free_shipping", "buy_x_get_y", "points", "early_access")


@dataclass(frozen=True, slots=True)
class Sheet:
    """What is to be done, in order, and every term with its value. In words, in one language."""

    language: Language
    title: str
    about: str
    steps: list[str]
    terms: list[tuple[str, str]]
    warning: str = ""

    def markdown(self) -> str:
        """The sheet to be pasted into a wiki, a ticket or a chat."""
        lines = [f"# {_plain(self.title)}", "", _plain(self.about), ""]
        lines += [f"> **{_plain(self.warning)}**", ""] if self.warning else []
        lines += [f"{number}. {_plain(step)}" for number, step in enumerate(self.steps, start=1)]
        lines += ["", f"| {self._said('term')} | {self._said('value')} |", "| --- | --- |"]
        lines += [f"| {_plain(name)} | {_plain(value)} |" for name, value in self.terms]
        return "\n".join(lines) + "\n"

    def html(self) -> str:
        """The sheet as a page of its own, to be printed or sent."""
        rows = "".join(
            f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in self.terms
        )
        values = {
            "language": "zh-CN" if self.language == "zh" else "en",
            "title": html.escape(self.title),
            "about": html.escape(self.about),
            "warning": f"<p><strong>{html.escape(self.warning)}</strong></p>" if self.warning else "",
            "steps": "".join(f"<li>{html.escape(step)}</li>" for step in self.steps),
            "rows": rows,
        }
        return Template(PAGE.read_text(encoding="utf-8")).substitute(values)

    def _said(self, key: str) -> str:
        return say(f"setup.{key}", self.language)


def sheet(shop: Shop, plan: Plan, language: Language, stock: Stock | None = None) -> Sheet | None:
    """The sheet of a plan; None for a plan without an offer. stock: of its personal codes, where it has any."""
    if plan.offer.kind == "none":
        return None
    words = _Words(shop, plan, language)
    stock = stock or Stock(0, 0, 0)
    code = words.code(stock)
    terms = [
        ("name", f"{plan.name} ({plan.plan_id})"),
        ("kind", say(f"plan.offer_{plan.offer.kind}", language)),
        ("worth", words.worth()),
        ("code", code),
        *words.limits(),
        ("starts", words.said("at", day=plan.starts_at.isoformat(), hour="00:00", zone=shop.settings.time_zone)),
        ("ends", words.said("at", day=plan.ends_at.isoformat(), hour="23:59", zone=shop.settings.time_zone)),
    ]
    named = dict(terms)
    own = "step_codes" if plan.offer.personal_codes else "step_code" if plan.offer.code else "step_no_code"
    steps = [
        words.said("step_begin", name=named["name"]),
        words.said(f"step_{plan.offer.kind}", worth=named["worth"]),
        words.said("step_limits", minimum=named["minimum"], applies=named["applies_to"]),
        words.said(own, code=code),
        words.said("step_use", each=named["each"], together=named["together"]),
        words.said("step_dates", starts=named["starts"], ends=named["ends"]),
        words.said("step_try"),
    ]
    return Sheet(
        language,
        words.said("title", name=plan.name),
        words.said("about"),
        steps,
        [(words.said(f"term_{name}"), value) for name, value in terms],
        words.said("not_live", count=stock.made_here) if stock.made_here else "",
    )


class _Words:
    """The terms of one plan in words."""

    def __init__(self, shop: Shop, plan: Plan, language: Language):
        self.plan, self.language, self.currency = plan, language, shop.settings.currency
        self.names = _product_names(shop)

    def said(self, key: str, **values: object) -> str:
        return say(f"setup.{key}", self.language, **values)

    def money(self, amount: float) -> str:
        return money(amount, self.currency, self.language)

    def product(self, product_id: str) -> str:
        """A product by name and id; whatever else by its name, which is then a category's."""
        if product_id in self.names:
            return self.said("product", name=self.names[product_id], id=product_id)
        return self.said("category", name=product_id)

    def worth(self) -> str:
        offer = self.plan.offer
        if offer.kind == "percent":
            return self.said("worth_percent", percent=f"{100 * (offer.discount or 0):.4g}")
        if offer.kind == "amount":
            return self.said("worth_amount", money=self.money(offer.discount or 0))
        if offer.kind == "spend_save":
            tiers = offer.tiers or [(offer.min_spend or 0, offer.discount or 0)]
            steps = [self.said("worth_tier", spend=self.money(spend), off=self.money(off)) for spend, off in tiers]
            return ("；" if self.language == "zh" else "; ").join(steps)
        if offer.kind == "gift":
            return self.said("worth_gift", product=self.product(str(offer.gift_product_id)))
        if offer.kind == "buy_x_get_y" and offer.tiers:
            buy, free = offer.tiers[0]
            return self.said("worth_buy", buy=f"{buy:g}", free=f"{free:g}")
        if offer.kind == "points" and offer.discount:
            return self.said("worth_points", points=f"{offer.discount:g}")
        return self.said(f"worth_{offer.kind}")

    def code(self, stock: Stock) -> str:
        if self.plan.offer.personal_codes:
            return self.said("codes", count=stock.loaded)
        return self.plan.offer.code or self.said("no_code")

    def limits(self) -> list[tuple[str, str]]:
        """Each limit there can be; one that the plan does not set is not limited."""
        offer, free = self.plan.offer, self.said("not_limited")
        comma = "、" if self.language == "zh" else ", "
        # The steps of "spend more, save more" are its minimum.
        minimum = self.money(offer.min_spend) if offer.min_spend and offer.kind in WITH_A_MINIMUM else free
        return [
            ("minimum", self.said("in_steps") if offer.kind == "spend_save" else minimum),
            ("applies_to", comma.join(map(self.product, offer.applies_to)) or free),
            ("most", self.money(offer.max_discount) if offer.max_discount else free),
            ("each", self.said("times", count=offer.per_customer_limit) if offer.per_customer_limit else free),
            ("together", comma.join(offer.stackable_with) or self.said("none_named")),
        ]


def _product_names(shop: Shop) -> Mapping[str, str]:
    if not shop.has("products"):
        return {}
    table = shop.table("products", ["product_id", "name"]).drop_duplicates("product_id")
    return dict(zip(table["product_id"].astype("str"), table["name"].astype("str"), strict=True))


def _plain(text: str) -> str:
    """Text that Markdown shows as it stands, on one line."""
    return re.sub(r"([\\`*_{}\[\]<>#$|~])", r"\\\1", " ".join(text.split()))
