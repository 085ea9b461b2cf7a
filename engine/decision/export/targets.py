"""The tools that an approved plan can leave for: by what each finds people, and what its file looks like.

The platforms' own documents, as read in November 2026; nothing of them was changed or guessed but where it says so.

klaviyo     "How to create and add subscribers to a new list" (help.klaviyo.com, article 115005078967) and "How to
            upload and segment with consent" (360043841811): CSV of at most 50 MB, larger ones split; the first column
            is called Email or Phone Number; numbers as E.164; any other header becomes a property of the profile.
            Columns of consent can be left out: our list never grants any, it only names people.
mailchimp   "Format Guidelines for Your Import File" (mailchimp.com/help/format-guidelines-for-your-import-file): CSV,
            only Email Address is required, nothing outside ASCII before the @; text of more than 255 bytes is clipped,
            so it is refused here. Its text messages need an account of their own; here it takes e-mails.
meta        "How to format a customer list when creating a custom audience" (facebook.com/business/help/
            2082575038703844) for the headers email and phone; "Customer File Custom Audiences"
            (developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences) for extern_id and hashing:
            SHA-256 in lower-case hexadecimal; e-mail trimmed and in lower case; phone as digits with the country code,
            without "+" and leading zeros. An extern_id need not be hashed there; here it is, so that no id leaves as
            it stands: the shop's pixel must send it hashed too.
google      "Format your customer data file" (support.google.com/google-ads/answer/7659867, 7476159): CSV in UTF-8,
            English headers Email and Phone, hashed by SHA-256; "Format user data" (developers.google.com/data-manager/
            api/devguides/concepts/formatting): for gmail.com and googlemail.com no dots before the @ and no "+" with
            what follows it, phone as E.164 with its "+".
aliyun_sms  "群发助手" (help.aliyun.com/zh/sms/user-guide/send-messages-by-using-mass-messaging): numbers by a file made
            after a sample that is downloaded in the console; for a template with variables only so. The public text
            does not print that sample's header, so ours is a plain one: `phone`, then a column for each variable under
            its name in the template (`code` for ${code}); compare it with the sample. A workbook: no question of
            encoding, and a number stays text. Mainland mobile numbers as 11 digits.
plain_csv   Nobody's document: customer_id and the address the channel needs, for a person or for any other tool.
plain_xlsx  The same as a workbook.

Files for tools have no byte-order mark (no document says that one is taken) and hold addresses as they are, which can
be no formula (see identifiers); every other cell is safe as in `cells`. Files for people are as `cells.to_csv` makes
them: "'" goes before a "+" too. A workbook's cells are text by their type and need no mark.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from engine.decision.export import identifiers
from engine.decision.export.identifiers import Contact, Speller

TargetName = Literal["klaviyo", "mailchimp", "meta", "google", "aliyun_sms", "plain_csv", "plain_xlsx"]
Form = Literal["tool_csv", "people_csv", "xlsx"]
XLSX_ROWS = 1_048_575  # under the header


@dataclass(frozen=True, slots=True)
class Column:
    """One address of a customer in a file: what of the vault it is, its header there, and how it is spelled."""

    contact: Contact
    header: str
    spelled: Speller


@dataclass(frozen=True, slots=True)
class Target:
    """A tool and its file.

    by_channel: the columns that find people for a message of a channel; "" for all others. is_ad: shows a plan's ads to
    those of it whom it may, and sends no messages. keeps_id: customer_id stands in the file. variables: its messages
    are templates that take what differs from columns, the plan's code too. headers: of what else is known of a
    recipient (variant, language, code, the address of their variant); what is not named there is left out, and people
    who differ in variant or language get files of their own. max_bytes, max_rows: of one file, above which there are
    several. max_text: bytes of one cell, behind which the tool cuts.
    """

    name: TargetName
    form: Form
    by_channel: Mapping[str, tuple[Column, ...]]
    is_ad: bool = False
    keeps_id: bool = False
    variables: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    max_bytes: int | None = None
    max_rows: int | None = None
    max_text: int | None = None

    @property
    def suffix(self) -> str:
        return "xlsx" if self.form == "xlsx" else "csv"

    def columns(self, channel: str) -> tuple[Column, ...]:
        """Those that find the people of a message; empty for a channel that this tool does not send."""
        return self.by_channel.get(channel, self.by_channel.get("", ()))

    def sends(self, channel: str) -> bool:
        """Whether messages of this channel can leave for it."""
        return channel in self.by_channel or "" in self.by_channel


_EMAIL = Column("email", "email", identifiers.email)
_PHONE = Column("phone", "phone", identifiers.mobile)
_OWN_ID = Column("external_id", "external_id", identifiers.own_id)
_PLAIN = {"email": (_EMAIL,), "sms": (_PHONE,), "": (_OWN_ID,)}
_SAME = {one: one for one in ("variant", "language", "code", "link")}
_META = (
    Column("email", "email", identifiers.hashed_email),
    Column("phone", "phone", identifiers.hashed_digits),
    Column("external_id", "extern_id", identifiers.hashed_id),
)
_GOOGLE = (
    Column("email", "Email", identifiers.hashed_gmail),
    Column("phone", "Phone", identifiers.hashed_e164),
)

TARGETS: dict[TargetName, Target] = {
    one.name: one
    for one in (
        Target(
            "klaviyo",
            "tool_csv",
            {
                "email": (Column("email", "Email", identifiers.email),),
                "sms": (Column("phone", "Phone Number", identifiers.mobile),),
            },
            headers={"variant": "Variant", "language": "Language", "code": "Coupon", "link": "Link"},
            max_bytes=50_000_000,
        ),
        Target(
            "mailchimp",
            "tool_csv",
            {"email": (Column("email", "Email Address", identifiers.email),)},
            headers={"variant": "Variant", "language": "Language", "code": "Coupon", "link": "Link"},
            max_text=255,
        ),
        Target("meta", "tool_csv", {"ad": _META}, is_ad=True),
        Target("google", "tool_csv", {"ad": _GOOGLE}, is_ad=True),
        Target(
            "aliyun_sms",
            "xlsx",
            {"sms": (Column("phone", "phone", identifiers.mainland_mobile),)},
            variables=True,
            headers={"code": "code"},
            max_rows=XLSX_ROWS,
        ),
        Target("plain_csv", "people_csv", _PLAIN, keeps_id=True, headers=_SAME),
        Target("plain_xlsx", "xlsx", _PLAIN, keeps_id=True, headers=_SAME, max_rows=XLSX_ROWS),
    )
}
NAMES: tuple[TargetName, ...] = get_args(TargetName)
