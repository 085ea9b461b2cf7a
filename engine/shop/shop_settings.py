"""shop.toml: what a shop's settings are, which values they take, and what is wrong with one that does not fit."""

import difflib
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import tomlkit
from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from tomlkit.exceptions import TOMLKitError

from engine.errors import DataProblem
from engine.sentences import Sentence

PROTECTED = (
    "age", "age_band", "gender", "sex", "ethnicity", "race", "religion", "disability",
    "年龄", "年龄段", "性别", "民族", "种族", "宗教", "残疾",
)  # fmt: skip

# ISO 4217, without funds, metals and test codes; with those given up lately, which a shop's past may still be in.
_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF
    CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD
    HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL
    LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR
    PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP
    TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES = tuple(_CODES.split())

QUESTIONS = ("currency", "time_zone", "prices_include_tax", "gross_margin", "send_cost")  # what a new shop is asked

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
Days = Annotated[int, Field(ge=1)]
Hour = Annotated[int, Field(ge=0, le=23)]
Named = Annotated[str, Field(min_length=1)]
Code = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Source = Literal["stated", "assumed", "usual"]
MailTool = Literal["plain", "klaviyo", "mailchimp", "braze", "hubspot"]  # plain: any other
VoicePart = Literal["do", "dont", "words", "never", "examples"]


class ShopSettings(BaseModel):
    """shop.toml. Money in `currency`, rates as fractions; what is absent takes the default shown."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)

    shop_id: str
    name: Named = "My shop"
    currency: str = "USD"
    country: str = ""  # ISO 3166, two letters: of phone numbers that name none
    time_zone: str = "UTC"
    week_starts: Literal["monday", "sunday"] = "monday"
    prices_include_tax: bool = False
    gross_margin: dict[Named, Share] = {"default": 0.4}  # used where unit_cost is missing
    return_rate: float = Field(default=0.0, ge=0, lt=1)
    send_cost: dict[Named, Amount] = {
        "email": 0.002,
        "sms": 0.04,
        "push": 0.0,
        "social": 0.01,
    }  # one message, SMS: part
    offer_cost: dict[Named, Amount] = {}  # an order with free_shipping, points or buy_x_get_y, where the shop knows it
    point_value: Amount = 0.01  # of one loyalty point, when it is redeemed
    points_redeemed: Share = 0.8  # of points given
    rates: dict[Code, Annotated[float, Field(gt=0)]] = {}  # one unit of another currency in `currency`
    window_days: dict[Named, Days] = {"email": 7, "sms": 3, "push": 1, "ads": 7}
    frequency_cap: int = Field(default=3, ge=1)  # messages to one customer in 7 days
    quiet_hours: list[Hour] = [21, 8]  # from, until; none where both are the same
    holdout: float = Field(default=0.1, ge=0, lt=1)
    global_holdout: float = Field(default=0.0, ge=0, lt=1)  # of all customers: never written to by any plan
    minimum_spend_for_roi: Amount = 10.0
    sender_name: str = ""
    legal_lines: list[str] = []
    lint: dict[Named, bool] = {}  # rules of law and brand for copy: false switches one off
    own_words: dict[Named, str] = {}  # words that copy may not use, each with the reason
    discount_cap: Share | None = None  # of a price: no offer may take off more
    margin_floor: Share | None = None  # of what is paid: no offer may leave less
    audience_tolerance: Share = 0.1  # of the size of an approved audience: beyond it the approval is void
    sms_opt_out: dict[Literal["en", "zh"], str] = {"en": "Reply STOP to opt out", "zh": "拒收请回复R"}
    mail_tool: MailTool = "plain"  # whose merge tags the exported copy has
    brand_guide: str = ""
    brand_voice: dict[VoicePart, list[str]] = {}
    never_contact: list[str] = []
    past_headlines: bool = False  # whether the writer is shown a headline of the past that readers liked
    liked_examples: bool = True  # whether the writer's example is a text that the shop liked or edited
    replies: bool = False  # whether drafted answers to customers are offered
    protected: list[str] = list(PROTECTED)
    assumed: list[str] = []  # settings nobody confirmed: named wherever they are used

    @field_validator("currency")
    @classmethod
    def _in_use(cls, code: str) -> str:
        if code not in CURRENCIES:
            raise ValueError("no such currency")
        return code

    @field_validator("country")
    @classmethod
    def _with_numbers(cls, code: str) -> str:
        if code:
            from phonenumbers import SUPPORTED_REGIONS  # takes a third of a second, and few shops need it at once

            if code not in SUPPORTED_REGIONS:
                raise ValueError("no such country")
        return code

    @field_validator("time_zone")
    @classmethod
    def _on_earth(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("no such time zone") from error
        return name

    @field_validator("quiet_hours")
    @classmethod
    def _from_until(cls, hours: list[int]) -> list[int]:
        if len(hours) not in (0, 2):
            raise ValueError("two hours are needed")
        return hours

    @field_validator("rates")
    @classmethod
    def _of_others(cls, rates: dict[str, float], info: ValidationInfo) -> dict[str, float]:
        if rates.get(info.data.get("currency", ""), 1.0) != 1.0:
            raise ValueError("the shop's own currency counts as 1")
        return rates

    def window(self, channel: str) -> int:
        """Days after a send in which an order counts."""
        return self.window_days.get(channel, 7)

    def rate(self, currency: str) -> float | None:
        """Value of one unit of a currency in the shop's own: 1.0 for its own, None where nobody stated one."""
        return 1.0 if currency == self.currency else self.rates.get(currency)

    def source(self, name: str) -> Source:
        """Who said so: the shop, an assumption that nobody confirmed, or nobody, so that the usual value counts."""
        if name in self.assumed:
            return "assumed"
        return "stated" if name in self.model_fields_set else "usual"


# --- what is wrong ---


@dataclass(frozen=True, slots=True)
class Mistake:
    """A value that a setting does not take. `setting` is its name, with its entry after a dot: "send_cost.email"."""

    setting: str
    given: str
    right: Sentence

    @property
    def sentence(self) -> str:
        """Which setting, what was given, and what is right, in English."""
        return f"{self.setting} is {self.given}; {self.right.text()}."


def checked(stored: Mapping[str, Any]) -> tuple[ShopSettings | None, list[Mistake]]:
    """The settings of a shop.toml, or what is wrong with it: one mistake per setting, or per entry of one."""
    try:
        return ShopSettings(**stored), []
    except ValidationError as refused:
        found: dict[str, Mistake] = {}
        for error in refused.errors():
            if (setting := _where(stored, error["loc"])) not in found:
                found[setting] = _mistake(stored, setting, error["loc"], error["input"])
        return None, list(found.values())


def _where(stored: Mapping[str, Any], place: tuple[int | str, ...]) -> str:
    """An entry of a table is wrong by itself; one of a list makes the whole list wrong."""
    name = str(place[0])
    return f"{name}.{place[1]}" if isinstance(stored.get(name), Mapping) and len(place) > 1 else name


def _mistake(stored: Mapping[str, Any], setting: str, place: tuple[int | str, ...], given: object) -> Mistake:
    name, whole = str(place[0]), stored.get(str(place[0]))
    if setting == "rates" and isinstance(whole, Mapping):
        own = str(stored.get("currency", ShopSettings.model_fields["currency"].default))
        return Mistake(f"rates.{own}", written(whole.get(own)), Sentence("settings.right_own", {"currency": own}))
    return Mistake(setting, written(given if setting != name else whole), Sentence(f"settings.right_{name}"))


def written(value: object) -> str:
    """A value as shop.toml has it, cut where it is long; an absent one is "empty"."""
    if value is None:
        return "empty"
    text = str(_item(value[:60] if isinstance(value, str | list) else value).as_string())
    return text if len(text) <= 60 else f"{text[:57]}..."


def _item(value: Any) -> Any:
    """A value for a TOML document. A list is put together as text: tomlkit takes seconds to add thousands to one."""
    if not isinstance(value, list):
        return tomlkit.item(value)
    parts = [tomlkit.item(one).as_string() for one in value]
    is_long = sum(map(len, parts)) > 100
    return tomlkit.array(
        "[\n" + "".join(f"    {one},\n" for one in parts) + "]" if is_long else f"[{', '.join(parts)}]"
    )


# --- changes ---


def changed(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> tuple[ShopSettings | None, list[Mistake]]:
    """The settings after changes (as `store.save_settings` takes them), or what is wrong with them."""
    strange = {path: _stranger(path, value) for path, value in changes.items() if not _is_known(path)}
    if changes.get("shop_id", stored.get("shop_id")) != stored.get("shop_id"):
        strange["shop_id"] = Mistake("shop_id", written(changes["shop_id"]), Sentence("settings.right_shop_id"))
    known = {path: value for path, value in changes.items() if path not in strange}
    after, mistakes = checked(_after(stored, known))
    return (None if strange else after), [*strange.values(), *mistakes]


def from_text(assignments: Iterable[str]) -> dict[str, Any]:
    """Changes written as key=value, with values as in TOML; what is no TOML is text. Raises DataProblem without a "=".

    >>> from_text(["send_cost.email=0.003", "currency=EUR"])
    {'send_cost.email': 0.003, 'currency': 'EUR'}
    """
    changes = {}
    for assignment in assignments:
        path, equals, text = (part.strip() for part in assignment.partition("="))
        if not equals or not path:
            raise DataProblem(f"{assignment!r} sets nothing; write it as in send_cost.email=0.003.")
        try:
            parsed = tomlkit.parse(f"value = {text}").unwrap()
        except TOMLKitError:
            parsed = {}
        changes[path] = parsed["value"] if list(parsed) == ["value"] else text
    return changes


def _is_known(path: str) -> bool:
    name, _, entry = path.partition(".")
    of_settings = ShopSettings.model_fields.get(name)
    return of_settings is not None and (not entry or isinstance(of_settings.default, Mapping))


def _stranger(path: str, value: object) -> Mistake:
    near = difflib.get_close_matches(path.partition(".")[0], ShopSettings.model_fields, 1, 0.7)
    key = "settings.right_near" if near and near[0] != path else "settings.right_unknown"
    return Mistake(path, written(value), Sentence(key, {"near": near[0]} if key.endswith("near") else {}))


def _after(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    after = dict(stored)
    for path, value in changes.items():
        name, _, entry = path.partition(".")
        whole = after.get(name, ShopSettings.model_fields[name].default)
        if entry and isinstance(whole, Mapping):
            after[name] = (
                {**whole, entry: value} if value is not None else {k: v for k, v in whole.items() if k != entry}
            )
        else:
            after[name] = value
    if "assumed" not in changes:
        after["assumed"] = [name for name in stored.get("assumed") or [] if name not in _confirmed(changes)]
    return {name: value for name, value in after.items() if value is not None}


def _confirmed(changes: Mapping[str, Any]) -> set[str]:
    """Settings that somebody now stands for. The margin of one category says nothing of the usual margin."""
    paths = [path.partition(".") for path, value in changes.items() if value is not None]
    return {name for name, _, entry in paths if name != "gross_margin" or entry in ("", "default")}


def edit(document: MutableMapping[str, Any], settings: ShopSettings, changes: Mapping[str, Any]) -> None:
    """Bring what changes name in a parsed shop.toml to what `settings` say; the rest stays, comments and order too."""
    values = settings.model_dump(exclude_unset=True)
    for name in dict.fromkeys([*(path.partition(".")[0] for path in changes), "assumed"]):
        value, before = values.get(name), document.get(name)
        if value is None:
            document.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(before, MutableMapping):
            for gone in [entry for entry in before if entry not in value]:
                del before[gone]
            for entry, one in value.items():
                if before.get(entry) != one:
                    before[entry] = one
        elif before != value and not (name == "assumed" and not value and before is None):
            document[name] = _item(value)
