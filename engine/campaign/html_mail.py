"""An e-mail as one plain page of HTML, to be pasted or loaded into the tool that sends it.

Tables and inline styles, as mail programs need them; no script, no picture, nothing fetched. Every text is escaped, and
neutralised for the tool: what looks like one of its tags and is none of ours would be run by it.
"""

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from engine.campaign import links, lint, merge
from engine.campaign.merge import Tool
from engine.campaign.plan import Plan
from engine.sentences import Language, say
from engine.shop.shop_settings import ShopSettings

FOLDER = Path(__file__).parents[2] / "assets" / "mail"
LANGUAGES = {"en": "en", "zh": "zh-CN"}


def of_plan(
    plan: Plan,
    texts: Mapping[str, str],
    language: Language,
    settings: ShopSettings,
    tool: Tool,
    step: int = 0,
    variant: str = "",
) -> str:
    """The page of one e-mail of a plan, with the shop's sender and legal lines and the address of this variant; `texts`
    as in `page`."""
    lines = lint.under("email", language, settings.legal_lines)
    sender = settings.sender_name or settings.name
    return page(texts, language, sender, tool, lines, plan.landing_url, links.utm(plan, step, variant), plan.plan_id)


def page(
    texts: Mapping[str, str],
    language: Language,
    sender: str,
    tool: Tool,
    legal_lines: Sequence[str] = (),
    landing_url: str | None = None,
    utm: Mapping[str, str] | None = None,
    coupon: str = "",
) -> str:
    """The page of an e-mail. texts: its filled parts, as customers read them, {first_name} and {code} still in them.

    The button is a link only for an address that begins with http:// or https://.
    """

    def written(text: str) -> Markup:
        pieces = merge.pieces(text.strip(), tool, language, coupon)
        return Markup().join(Markup(said) if ours else _safe(said) for said, ours in pieces)

    return (
        _environment()
        .get_template("letter.html")
        .render(
            language=LANGUAGES[language],
            subject=written(texts.get("subject", "")),
            preheader=written(texts.get("preheader", "")),
            headline=written(texts.get("headline", "")),
            body=[written(line) for line in texts.get("body", "").splitlines() if line.strip()],
            call_to_action=written(texts.get("call_to_action", "")),
            link=links.link(landing_url, utm or {}),
            sender=_safe(sender),
            legal=[_safe(line) for line in legal_lines if line.strip()],
            unsubscribe=Markup(merge.UNSUBSCRIBE[tool]),
            unsubscribe_words=say("copy.unsubscribe", language),
        )
    )


def _safe(text: str) -> Markup:
    return escape(merge.harmless(text))


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
