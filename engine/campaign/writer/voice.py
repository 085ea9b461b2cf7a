"""How the shop wants to sound: its own guide, and what its readers liked before. Data for a prompt, never an order."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from engine.campaign import merge
from engine.campaign.writer.cleaning import telling, without_links
from engine.model import rates
from engine.shop.store import Shop

LONGEST_GUIDE, LONGEST_LIST, LONGEST_LINE = 300, 160, 80  # characters: the prompt has room for about 900 tokens more
LEAST_MESSAGES = 500  # of a campaign whose clicks say anything
MOST_WINNERS = 5


@dataclass(frozen=True, slots=True)
class Voice:
    """Every text cleaned and cut. `never`: words that no copy of the shop may have; `winners`: the best first."""

    guide: str = ""
    do: str = ""
    dont: str = ""
    words: str = ""
    never: tuple[str, ...] = ()
    example: str = ""
    winners: tuple[str, ...] = ()


UNVOICED = Voice()


def voice(settings: object, guide: str | None, language: str) -> Voice:
    """The voice of a shop's settings; `guide`: of one brief, in place of the shop's own."""
    said: Mapping[str, list[str]] = getattr(settings, "brand_voice", None) or {}
    examples = [line for line in _lines(said.get("examples", ())) if is_in(line, language)]
    return Voice(
        guide=without_links(guide or getattr(settings, "brand_guide", ""), LONGEST_GUIDE),
        do=_listed(said.get("do", ()), language),
        dont=_listed(said.get("dont", ()), language),
        words=_listed(said.get("words", ()), language),
        never=tuple(_lines(said.get("never", ()))),
        example=examples[0] if examples else "",
    )


def _lines(lines: Iterable[str]) -> list[str]:
    return [line for one in lines if (line := without_links(one, LONGEST_LINE))]


def _listed(lines: Iterable[str], language: str) -> str:
    """Whole lines, as many as fit."""
    joined, comma = "", "；" if language == "zh" else "; "
    for line in _lines(lines):
        longer = f"{joined}{comma if joined else ''}{line}"
        if len(longer) > LONGEST_LIST:
            break
        joined = longer
    return joined


def is_in(text: str, language: str) -> bool:
    """Whether a text is Chinese, or is not, as the language says."""
    return bool(re.search("[\u4e00-\u9fff]", text)) == (language == "zh")


def said_never(text: str, never: Iterable[str]) -> list[str]:
    """Words that the shop never uses and a text does; English ones as whole words."""
    return [word for word in never if re.search(_whole(word), text, re.IGNORECASE)]


def _whole(word: str) -> str:
    before = r"(?<!\w)" if word[:1].isascii() else ""
    return before + re.escape(word) + (r"(?!\w)" if word[-1:].isascii() else "")


# --- what readers liked ---


def winners(shop: Shop, channel: str, language: str) -> tuple[str, ...]:
    """Headlines of this channel and language that clearly more readers clicked than usual, the best first, cleaned.

    None where the shop has no campaigns with headlines and clicks, or too few messages of each to tell.
    """
    if not {"channel", "headline"} <= set(shop.columns("campaigns")):
        return ()
    clicks = clicks_by_campaign(shop)
    campaigns = shop.table("campaigns", ["campaign_id", "channel", "headline"])
    sent = campaigns[campaigns["channel"] == channel].merge(clicks, on="campaign_id")
    if sent.empty or not sent["messages"].sum():
        return ()
    usual = sent["clicks"].sum() / sent["messages"].sum()
    low, _ = rates.wilson(sent["clicks"].to_numpy(), sent["messages"].to_numpy())
    better = sent.assign(low=low)[(low > usual) & (sent["messages"] >= LEAST_MESSAGES)].sort_values(
        ["low", "campaign_id"], ascending=[False, True]
    )
    cleaned = [_cleaned(str(line)) for line in better["headline"].dropna()]
    return tuple(line for line in dict.fromkeys(cleaned) if line and is_in(line, language))[:MOST_WINNERS]


def clicks_by_campaign(shop: Shop) -> pd.DataFrame:
    """Messages and clicks by campaign: from single deliveries, else from a mail tool's totals."""
    columns = shop.columns("deliveries")
    if "clicked" in columns:
        known = shop.table("deliveries", [one for one in ("campaign_id", "clicked", "treated") if one in columns])
        if "treated" in known:
            known = known[known["treated"].ne(0)]
        by = known.dropna(subset=["clicked"]).groupby("campaign_id")["clicked"]
        return by.agg(messages="size", clicks="sum").astype("float64").reset_index()
    columns = shop.columns("campaign_results")
    if {"recipients", "clicked"} <= set(columns):
        totals = shop.table("campaign_results", ["campaign_id", "recipients", "clicked"]).dropna()
        summed = totals.groupby("campaign_id")[["recipients", "clicked"]].sum().astype("float64")
        return summed.rename(columns={"recipients": "messages", "clicked": "clicks"}).reset_index()
    return pd.DataFrame(columns=["campaign_id", "messages", "clicks"])


def _cleaned(headline: str) -> str:
    """A headline without name tags, pictures and figures; empty where that leaves no sentence of its own."""
    text = re.sub(r"^\s*\{\w+\}[，, ]*", "", headline.replace(merge.SLOT, "{first_name}"))
    text = "".join(ch for ch in text if unicodedata.category(ch) not in ("So", "Sk", "Cf", "Mn"))
    text = telling(text, LONGEST_LINE)
    return "" if re.search(r"[\d%％$€£¥￥]|https?:|www\.", text) or len(text) < 4 else text
