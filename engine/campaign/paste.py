"""A message ready to be pasted into the tool that sends it: as plain text, and as HTML.

With what goes out under it, where its button leads, and the tags of that tool. `texts` is its filled copy by part,
{first_name} and {code} still in it, as the second person approved it.
"""

from collections.abc import Iterator, Mapping

from markupsafe import Markup, escape

from engine.campaign import html_mail, links, lint, merge
from engine.campaign.merge import Tool
from engine.campaign.plan import PARTS, Plan
from engine.sentences import Language, say
from engine.shop.shop_settings import ShopSettings

SHORT_LABELS = ("subject", "preheader")  # parts that stand in fields of their own: said by name


def text(
    plan: Plan,
    step: int,
    language: Language,
    texts: Mapping[str, str],
    settings: ShopSettings,
    tool: Tool,
    variant: str = "",
) -> str:
    """The message as plain text, its parts a paragraph each; `step` counts from 0. variant: whose address it has.

    A text message is its body alone: it is whole, with its sender, its address and how to stop it, as it was approved;
    that address is the same for all variants.
    """
    channel = plan.steps[step].channel
    parts = {part: merge.for_tool(said, tool, language, plan.plan_id).strip() for part, said in texts.items()}
    if PARTS[channel] == ("body",):
        return parts.get("body", "") + "\n"
    colon = "：" if language == "zh" else ": "
    head = [f"{say(f'plan.part_{part}', language)}{colon}{parts[part]}" for part in SHORT_LABELS if parts.get(part)]
    own = [parts[part] for part in ("headline", "body") if parts.get(part)]
    where = links.of_step(plan, step, variant)
    button = colon.join(said for said in (parts.get("call_to_action"), where) if said)
    under = [merge.harmless(line) for line in lint.under(channel, language, settings.legal_lines)]
    if channel == "email":
        under.append(f"{say('copy.unsubscribe', language)}{colon}{merge.UNSUBSCRIBE[tool]}")
    paragraphs = ["\n".join(head), *own, button, "\n".join(under)]
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def html(
    plan: Plan,
    step: int,
    language: Language,
    texts: Mapping[str, str],
    settings: ShopSettings,
    tool: Tool,
    variant: str = "",
) -> str:
    """The message as HTML, with the address of this variant.

    An e-mail is a whole page, any other message a piece to put into a page or an editor.
    """
    if plan.steps[step].channel == "email":
        return html_mail.of_plan(plan, texts, language, settings, tool, step, variant)
    where = links.of_step(plan, step, variant)
    return "\n".join(_piece(plan, step, language, texts, settings, tool, where)) + "\n"


def _piece(
    plan: Plan,
    step: int,
    language: Language,
    texts: Mapping[str, str],
    settings: ShopSettings,
    tool: Tool,
    where: str | None,
) -> Iterator[Markup]:
    def written(part: str) -> Markup:
        pieces = merge.pieces(texts.get(part, "").strip(), tool, language, plan.plan_id)
        return Markup().join(Markup(said) if ours else escape(merge.harmless(said)) for said, ours in pieces)

    if headline := written("headline"):
        yield Markup("<h1>{}</h1>").format(headline)
    for paragraph in written("body").splitlines():
        if paragraph.strip():
            yield Markup("<p>{}</p>").format(paragraph.strip())
    if button := written("call_to_action"):
        yield (
            Markup('<p><a href="{}">{}</a></p>').format(where, button) if where else Markup("<p>{}</p>").format(button)
        )
    for line in lint.under(plan.steps[step].channel, language, settings.legal_lines):
        yield Markup("<p><small>{}</small></p>").format(escape(merge.harmless(line)))
