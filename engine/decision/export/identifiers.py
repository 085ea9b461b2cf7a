"""Addresses of the vault as a sending tool spells them, checked before they are written.

What passes here can be no formula in any spreadsheet, without a mark in front that a tool would read as part of the
address: an e-mail address begins with a letter, digit or underscore, a phone number is "+" and digits, or digits alone,
which a spreadsheet may take for a number and never for a formula, and a hash is 64 hexadecimal digits.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine import privacy

Contact = Literal["email", "phone", "external_id"]  # what the vault knows of a customer
CONTACTS: tuple[Contact, ...] = ("email", "phone", "external_id")

# Fewer than RFC 5322 allows: no quotes, no signs that begin a formula, nothing outside ASCII before the @ (Mailchimp).
_EMAIL = re.compile(
    r"[a-z0-9_][a-z0-9_.!#$%&'*/?^`{|}~+-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,60}[^\W_]"
)
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without its two brackets
_GMAIL = ("gmail.com", "googlemail.com")


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why an address cannot be written: a reason of targets.toml, as "bad_email"."""

    reason: str


Spelled = str | Unusable
Speller = Callable[[str, str], Spelled]  # (as the vault has it, the shop's country or "") -> as the tool wants it


def email(text: str, country: str = "") -> Spelled:
    """An e-mail address trimmed and in lower case.

    >>> email(" Ana.Li@Example.COM "), email("=1+1@example.com")
    ('ana.li@example.com', Unusable(reason='bad_email'))
    """
    known = privacy.normal_email(text)
    fits = len(known.encode(errors="surrogatepass")) <= _LONGEST_EMAIL
    return known if fits and _EMAIL.fullmatch(known) and ".." not in known else Unusable("bad_email")


def phone(text: str, country: str = "") -> Spelled:
    """A phone number as E.164, "+" and digits. country: of numbers that name none.

    >>> phone("0151 23456789", "DE"), phone("0151 23456789"), phone("+49 151")
    ('+4915123456789', Unusable(reason='phone_country'), Unusable(reason='phone_length'))
    """
    return _phone(text, country, mobile=False)


def mobile(text: str, country: str = "") -> Spelled:
    """The same of a number that can get text messages: a landline is refused."""
    return _phone(text, country, mobile=True)


def mainland_mobile(text: str, country: str = "") -> Spelled:
    """A mobile number of mainland China as its 11 digits, without +86; numbers that name no country are Chinese where
    the shop has not said otherwise.

    >>> mainland_mobile("+86 138-1234-5678"), mainland_mobile("+4915123456789")
    ('13812345678', Unusable(reason='not_mainland'))
    """
    found = _phone(text, country or "CN", mobile=True)
    if isinstance(found, Unusable):
        return found
    return found[3:] if re.fullmatch(r"\+861\d{10}", found) else Unusable("not_mainland")


def own_id(text: str, country: str = "") -> Spelled:
    """An id of another system, trimmed."""
    return text.strip() or Unusable("no_external_id")


# --- hashes, as each platform documents them ---


def sha256(text: str) -> str:
    """64 hexadecimal digits in lower case, of the text as UTF-8."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def hashed_email(text: str, country: str = "") -> Spelled:
    """Meta: trimmed, lower case, hashed."""
    return _hashed(email(text, country))


def hashed_digits(text: str, country: str = "") -> Spelled:
    """Meta: country code and number, digits only without "+" and leading zeros, hashed."""
    found = phone(text, country)
    return found if isinstance(found, Unusable) else sha256(found[1:])


def hashed_id(text: str, country: str = "") -> Spelled:
    """Meta: an id of another system, trimmed and hashed."""
    return _hashed(own_id(text, country))


def hashed_gmail(text: str, country: str = "") -> Spelled:
    """Google: as `google_email`, hashed."""
    return _hashed(google_email(text, country))


def google_email(text: str, country: str = "") -> Spelled:
    """Lower case; of Gmail, whose owners get all of these, without dots and without "+" and what follows it.

    >>> google_email("Cloudy.SanFrancisco+shopping@gmail.com"), google_email("user.name+NYC@Example.com")
    ('cloudysanfrancisco@gmail.com', 'user.name+nyc@example.com')
    """
    found = email(text, country)
    if isinstance(found, Unusable):
        return found
    name, _, domain = found.partition("@")
    return f"{name.split('+')[0].replace('.', '')}@{domain}" if domain in _GMAIL else found


def hashed_e164(text: str, country: str = "") -> Spelled:
    """Google: E.164 with its "+", hashed."""
    return _hashed(phone(text, country))


def _hashed(found: Spelled) -> Spelled:
    return found if isinstance(found, Unusable) else sha256(found)


def _phone(text: str, country: str, mobile: bool) -> Spelled:
    import phonenumbers as numbers  # takes a third of a second, and only an export needs it

    known = re.sub(r"^\s*00(?=[1-9])", "+", text)  # the usual way to write "+" on a phone, whatever the country's own
    try:
        found = numbers.parse(known, country or None)
    except numbers.NumberParseException as error:
        no_country = error.error_type == numbers.NumberParseException.INVALID_COUNTRY_CODE and not country
        return Unusable("phone_country" if no_country and "+" not in known else "bad_phone")
    if numbers.is_possible_number_with_reason(found) in (
        numbers.ValidationResult.TOO_SHORT,
        numbers.ValidationResult.TOO_LONG,
        numbers.ValidationResult.INVALID_LENGTH,
        numbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY,
    ):
        return Unusable("phone_length")
    kind, kinds = numbers.number_type(found), numbers.PhoneNumberType
    if kind == kinds.UNKNOWN:  # what `is_valid_number` asks too, and then the kind would be looked up twice
        return Unusable("bad_phone")
    if mobile and kind not in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE, kinds.PERSONAL_NUMBER):
        return Unusable("not_mobile")
    return numbers.format_number(found, numbers.PhoneNumberFormat.E164)
