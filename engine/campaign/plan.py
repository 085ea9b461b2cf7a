"""The typed objects of a campaign: offer, brief, plan. They are checked where they enter and frozen afterwards."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.campaign import links
from engine.errors import DataProblem
from engine.sentences import Said, Sentence, known

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

OfferKind = Literal[
    "percent", "amount", "spend_save", "gift", "free_shipping", "buy_x_get_y", "points", "early_access", "none"
]
Channel = Literal["email", "sms", "push", "social", "mail", "wechat", "wecom", "xiaohongshu", "ad", "product_page"]
Language = Literal["en", "zh"]
Condition = Literal["stop_if_bought"]  # a later message is not sent to those who ordered since the plan began
Metric = Literal["orders", "clicks"]
Otherwise = Literal["ahead", "variant", "nothing"]  # where no variant wins: the one ahead, a certain one, none
Status = Literal["draft", "submitted", "approved", "rejected", "exported", "results_in"]
APPROVED = ("approved", "exported", "results_in")  # statuses of a plan that a second person said yes to

# The parts a reader sees, per channel, in reading order.
PARTS: dict[str, tuple[str, ...]] = {
    "email": ("subject", "preheader", "headline", "body", "call_to_action"),
    "sms": ("body",),
    "push": ("headline", "body"),
    "social": ("headline", "body", "call_to_action"),
    "mail": ("headline", "body", "call_to_action"),
    "wechat": ("headline", "body", "call_to_action"),
    "wecom": ("body",),
    "xiaohongshu": ("headline", "body"),
    "ad": ("headline", "body"),
    "product_page": ("headline", "body"),
}
GOALS = ("win_back", "launch", "second_purchase", "vip", "overstock", "sale_day", "sunset")

# Plan ids become parts of file names and spreadsheet cells elsewhere, so they stay plain.
PlanId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$")]


class Mistake(ValueError):
    """What a check of a typed object finds: pydantic gathers these, and `problems_of` says them."""

    def __init__(self, sentence: Sentence):
        self.sentence = sentence
        super().__init__(sentence)

    def __str__(self) -> str:
        return self.sentence.text()


class Checked(BaseModel):
    """Frozen; unknown keys are refused, so that a misspelt field is seen and not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Offer(Checked):
    """What the customer gets. `discount` is a fraction for percent, money for amount."""

    kind: OfferKind = "none"
    discount: float | None = None
    min_spend: float | None = Field(default=None, ge=0)
    tiers: list[tuple[float, float]] = []  # spend_save: [min_spend, off]
    gift_product_id: str | None = None
    code: str | None = None
    applies_to: list[str] = []  # products or categories; empty = everything
    max_discount: float | None = Field(default=None, gt=0)
    per_customer_limit: int | None = Field(default=None, ge=1)
    stackable_with: list[str] = []
    # Everyone gets a code of their own in place of `code`. Left out while off: older plans are written as ever.
    personal_codes: bool = Field(default=False, exclude_if=lambda on: not on)

    @model_validator(mode="after")
    def _complete(self) -> "Offer":
        if self.kind == "percent" and not (self.discount is not None and 0 < self.discount < 1):
            raise Mistake(Sentence("refused.offer_percent", {"given": self.discount}))
        if self.kind == "amount" and not (self.discount is not None and self.discount > 0):
            raise Mistake(Sentence("refused.offer_amount", {"given": self.discount}))
        if self.kind == "spend_save" and not (self.tiers or (self.discount and self.min_spend)):
            raise Mistake(Sentence("refused.offer_spend_save"))
        if self.kind == "gift" and not self.gift_product_id:
            raise Mistake(Sentence("refused.offer_gift"))
        if self.personal_codes and (self.code or self.kind == "none"):
            raise Mistake(Sentence("refused.offer_codes", {"given": self.code or self.kind}))
        return self


class Brief(Checked):
    """What the writer is asked for. Dates are days in the shop's time zone."""

    segment_id: str | None = None
    goal: str
    channel: Channel
    language: Language = "en"
    product_ids: list[str] = []
    category: str | None = None
    offer: Offer = Offer()
    starts_at: date
    ends_at: date
    tone: str = "warm"
    brand_guide: str | None = None
    # Where a channel without a button leads: the slot {link}. Left out while there is none.
    link: str | None = Field(default=None, exclude_if=lambda link: link is None)

    @model_validator(mode="after")
    def _in_order(self) -> "Brief":
        if self.ends_at < self.starts_at:
            raise Mistake(Sentence("refused.ends_before_start", {"ends": self.ends_at, "starts": self.starts_at}))
        return self


class Step(Checked):
    """One message of a plan, sent `day` days after the plan starts. `copy` maps part to the text with {slots}.

    `translations`: the same message for those who read another language.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=(), populate_by_name=True)

    day: int = Field(default=0, ge=0)
    channel: Channel = "email"
    language: Language = "en"
    condition: Condition | None = None
    texts: dict[str, str] = Field(default={}, alias="copy")  # "copy" would hide a method of pydantic's
    # Left out while empty: plans without any are written, and proven, as ever.
    translations: dict[Language, dict[str, str]] = Field(default={}, exclude_if=lambda copies: not copies)

    @property
    def languages(self) -> tuple[Language, ...]:
        """Those it is sent in, its own first."""
        return (self.language, *(one for one in self.translations if one != self.language and self.texts_in(one)))

    def texts_in(self, language: str) -> dict[str, str]:
        """The copy in a language, only the parts this channel has, in reading order."""
        copy = self.texts if language == self.language else self.translations.get(language, {})  # type: ignore[call-overload]
        return {part: copy[part] for part in PARTS[self.channel] if copy.get(part, "").strip()}

    def written(self, texts: dict[str, str], language: str) -> "Step":
        """The message with this copy in a language; parts that are not named stay."""
        if language == self.language:
            return self.model_copy(update={"texts": {**self.texts, **texts}})
        others: dict[str, dict[str, str]] = {str(one): copy for one, copy in self.translations.items()}
        copy = {**others.pop(language, {}), **texts}
        return self.model_copy(update={"translations": others | ({language: copy} if any(copy.values()) else {})})

    def speaking(self, language: Language) -> "Step":
        """The message with this as its own language: where there is a translation, the two change places."""
        if language == self.language:
            return self
        found = dict(self.translations)
        texts = found.pop(language, None)
        if not texts:
            return self.model_copy(update={"language": language})
        return self.model_copy(
            update={"language": language, "texts": texts, "translations": {**found, self.language: self.texts}}
        )


class Audience(Checked):
    """Who gets it: the groups, those a rule selects and the listed customers together, minus groups and a rule."""

    segment_ids: list[str] = []
    rule: str | None = None  # as engine.audience.rules reads it
    customer_ids: list[str] = []
    exclusions: list[str] = []  # segment ids left out
    exclude_rule: str | None = None
    skip_buyers_days: int = Field(default=0, ge=0, le=365)  # who ordered in the days before the send gets no message

    @property
    def is_empty(self) -> bool:
        """True while it names nobody."""
        return not (self.segment_ids or self.rule or self.customer_ids)


class FirstTest(Checked):
    """Variants are tried on a part of those written to, then the best one goes to the rest: by a rule fixed beforehand.

    share: fraction of those written to that is in the test. metric: what is compared, of customers who ordered or
    clicked within `wait_hours` of the send, per customer in the variant. smallest_lift: how far the best must be ahead
    of the second, (best - second) / second. otherwise: what the rest gets where nobody wins.
    """

    share: float = Field(default=0.2, gt=0, lt=1)
    wait_hours: int = Field(default=24, ge=1, le=720)
    metric: Metric = "orders"
    smallest_lift: float = Field(default=0.0, ge=0, le=10)
    otherwise: Otherwise = "ahead"
    fallback: str | None = None  # the variant meant by otherwise = "variant"

    @model_validator(mode="after")
    def _complete(self) -> "FirstTest":
        if (self.otherwise == "variant") != (self.fallback is not None):
            raise Mistake(Sentence("staged.which_fallback"))
        return self


class Plan(Checked):
    """One campaign from first idea to result. `audience_share` and `holdout` are fractions of the audience."""

    plan_id: PlanId
    name: str = Field(min_length=1, max_length=200)
    objective: str = "win_back"
    audience: Audience = Audience()
    steps: list[Step] = [Step()]
    offer: Offer = Offer()
    product_ids: list[str] = []
    category: str | None = None
    tone: str = "warm"
    send_hour: int = Field(default=10, ge=0, le=23)
    audience_share: float = Field(default=1.0, gt=0, le=1)
    holdout: float = Field(default=0.1, ge=0, lt=1)
    variants: list[str] = []
    # Left out while there is none: older plans are written, and proven, as ever.
    test: FirstTest | None = Field(default=None, exclude_if=lambda test: test is None)
    starts_at: date
    ends_at: date
    window_days: int | None = Field(default=None, ge=1, le=90)
    landing_url: str | None = None
    utm: dict[str, str] = {}
    owner: str = Field(min_length=1, max_length=200)
    status: Status = "draft"

    @model_validator(mode="after")
    def _in_order(self) -> "Plan":
        if self.ends_at < self.starts_at:
            raise Mistake(Sentence("refused.ends_before_start", {"ends": self.ends_at, "starts": self.starts_at}))
        if not self.steps:
            raise Mistake(Sentence("refused.no_step"))
        days = [step.day for step in self.steps]
        if any(later <= earlier for earlier, later in pairwise(days)):
            raise Mistake(Sentence("refused.steps_out_of_order", {"days": days}))
        if self.test is not None:
            self._require_testable(self.test)
        return self

    def _require_testable(self, test: FirstTest) -> None:
        if len(set(self.variants)) < 2 or len(set(self.variants)) < len(self.variants) or "" in self.variants:
            raise Mistake(Sentence("staged.needs_variants"))
        if len(self.steps) > 1:
            raise Mistake(Sentence("staged.one_message"))
        if test.fallback is not None and test.fallback not in self.variants:
            raise Mistake(Sentence("staged.unknown_fallback", {"given": test.fallback}))

    @property
    def channel(self) -> str:
        return self.steps[0].channel

    @property
    def language(self) -> str:
        return self.steps[0].language

    def brief(self, step: int = 0, language: str | None = None) -> Brief:
        """What the writer needs to know of one of this plan's steps, in its own language or another."""
        return Brief(
            segment_id=self.audience.segment_ids[0] if len(self.audience.segment_ids) == 1 else None,
            goal=self.objective,
            channel=self.steps[step].channel,
            language=self.steps[step].language if language is None else language,  # type: ignore[arg-type]
            product_ids=self.product_ids,
            category=self.category,
            offer=self.offer,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            tone=self.tone,
            link=links.of_step(self, step) if self.steps[step].channel in links.IN_THE_TEXT else None,
        )


def read_brief(path: Path) -> Brief:
    """A brief from a JSON file. Raises DataProblem naming file, field and what was found."""
    return _parsed(Brief, Path(path))


def read_plan(path: Path) -> Plan:
    """A plan from a JSON file. Raises DataProblem naming file, field and what was found."""
    return _parsed(Plan, Path(path))


_Kind = TypeVar("_Kind", bound=Checked)


def _parsed(kind: type[_Kind], path: Path) -> _Kind:
    try:
        return kind.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise DataProblem(problems_of(error, path.name)) from error
    except OSError as error:
        raise DataProblem(Sentence("refused.unreadable", {"file": str(path), "error": error.strerror})) from error


def problems_of(error: ValidationError, name: Said) -> list[Sentence]:
    """One sentence per problem pydantic found, naming the field and what was received."""
    sentences = []
    for problem in error.errors():
        field = ".".join(map(str, problem["loc"])) or Sentence("refused.whole_file")
        values = {"name": name, "field": field, "problem": _found(problem)}
        if isinstance(problem["input"], dict):
            sentences.append(Sentence("refused.field", values))
        else:
            sentences.append(Sentence("refused.field_got", values | {"given": repr(problem["input"])}))
    return sentences


def _found(problem: "ErrorDetails") -> Said:
    """A mistake of ours, or what pydantic says: that stays English where none of our texts is the same."""
    about = problem.get("ctx", {})
    if isinstance(mistake := about.get("error"), Mistake):
        return mistake.sentence
    words, key = problem["msg"].removeprefix("Value error, "), f"refused.found_{problem['type']}"
    texts = [
        Sentence(name, about) for name in (key, f"{key}_one") if known(name)
    ]  # pydantic counts in the singular too
    return next((said for said in texts if said.text() == words), words)
