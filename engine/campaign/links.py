"""The address that a message leads to, with the campaign parameters by which a shop's statistics tell its visitors."""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from engine.errors import NotAllowed
from engine.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.campaign.plan import Plan

FIELDS = ("source", "medium", "campaign")
IN_THE_TEXT = ("sms", "wecom")  # channels without a button: the address is the slot {link} of the copy
# (utm_source, utm_medium). Google Analytics sorts visits into its default channels by the medium:
# support.google.com/analytics, answer 9756891.
USUAL: dict[str, tuple[str, str]] = {
    "email": ("crm", "email"),
    "sms": ("crm", "sms"),
    "push": ("crm", "push"),
    "mail": ("crm", "direct_mail"),
    "social": ("social", "social"),
    "wechat": ("wechat", "social"),
    "wecom": ("wecom", "social"),
    "xiaohongshu": ("xiaohongshu", "social"),
    "ad": ("ad", "cpc"),
    "product_page": ("shop", "onsite"),
}


def problem(url: str | None) -> Sentence | None:
    """What is wrong with an address somebody typed; nothing with none at all."""
    if not (url or "").strip():
        return None
    try:
        parts = urlsplit(str(url).strip())
        host, _ = parts.hostname, parts.port
    except ValueError:
        return Sentence("refused.landing_url", {"given": url})
    if parts.scheme != "https" or not host or "." not in host or any(ch.isspace() for ch in parts.netloc):
        return Sentence("refused.landing_url", {"given": url})
    if "@" in parts.netloc:
        return Sentence("refused.landing_url_person", {"given": url})
    return None


def require(plan: "Plan") -> None:
    """Raises NotAllowed for a plan whose address cannot be sent to customers."""
    if found := problem(plan.landing_url):
        raise NotAllowed(found)


def utm(plan: "Plan", step: int = 0, variant: str = "") -> dict[str, str]:
    """The campaign parameters of a message, by name without utm_: the usual ones of its channel, unless its address has
    them already, those that the plan says instead, and the variant as `content`."""
    source, medium = USUAL[plan.steps[step].channel]
    usual = {"source": source, "medium": medium, "campaign": plan.plan_id} | ({"content": variant} if variant else {})
    typed = {name for name, _ in parse_qsl((plan.landing_url or "").partition("?")[2].partition("#")[0])}
    own = {name.removeprefix("utm_"): value.strip() for name, value in plan.utm.items() if value.strip()}
    return {name: said for name, said in usual.items() if f"utm_{name}" not in typed} | own


def of_step(plan: "Plan", step: int = 0, variant: str = "") -> str | None:
    """Where a message leads, with its campaign parameters; `step` counts from 0. None without an address."""
    return link(plan.landing_url, utm(plan, step, variant))


def own_variants(plan: "Plan", step: int | None = None) -> list[str]:
    """The variants of a plan that lead to addresses of their own, or [""] where there is one for everybody. step: as
    its message stands: a text that was approved with its address has that one."""
    in_text = step is not None and plan.steps[step].channel in IN_THE_TEXT
    return list(plan.variants) if plan.landing_url and plan.variants and not in_text else [""]


def link(url: str | None, utm: "Mapping[str, str]") -> str | None:
    """An address with its campaign parameters; None for one that is no plain web address.

    A parameter that the address has already is replaced; everything else of it stays as it was typed, escaped where
    it must be, and a name of a place in the page (#tea) stays last.

    >>> link("https://shop.example/tea?page=2", {"source": "mail"}), link("javascript:alert(1)", {})
    ('https://shop.example/tea?page=2&utm_source=mail', None)
    """
    try:
        parts = urlsplit((url or "").strip())
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    named = {name if name.startswith("utm_") else f"utm_{name}": value for name, value in utm.items()}
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in named]
    query = urlencode([*kept, *named.items()], quote_via=quote)
    place = (quote(part, safe="/%:@!$&'()*+,;=-._~") for part in (parts.path, parts.fragment))
    path, fragment = place
    return urlunsplit((parts.scheme, _ascii(parts.netloc), path, query, fragment))


def _ascii(host: str) -> str:
    """A host as mail programs and phones take it: 茶.example -> xn--3ly.example."""
    try:
        return host.encode("idna").decode() if not host.isascii() else quote(host, safe=":[]-._~%")
    except UnicodeError:
        return quote(host, safe=":[]-._~%")
