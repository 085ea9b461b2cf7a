"""E-mail addresses, phone, identity and card numbers taken out of free text; what else has digits stays.

A number is masked by its form: a Chinese identity number by its checksum, a card by its issuer and the Luhn sum, a
phone by a country code, the form of a Chinese mobile or a usual grouping, or a word before it that says so. A number
after a word such as order, SKU or 单号 stays, and so do prices, dates and codes.
"""

import re
from datetime import date

import pandas as pd

# [0-9] or full-width digits. \d of the two engines in use differs: one takes ASCII alone.
_D = "[0-9０-９]"
_CALLS = r"phone|mobile|cell|tel|call|whatsapp|wechat|sms|电话|手机|手機|致电|来电|微信|联系方式"
# A text in which none of these is found has nothing to mask. One pass each: as one pattern they take three times as
# long. A run of digits and their separators has 11 letters or more: a date has 10.
_WORTH_A_LOOK = (
    r"[@＠]",
    r"[\[({（【]\s?[aA][tT]\s?[\])}）】]",
    r"[+＋]",
    rf"{_D}[\s()./–０-９0-9-]{{9,}}{_D}",
    rf"(?i:{_CALLS})[^0-9０-９]{{0,20}}{_D}",
)

_EMAIL = re.compile(
    r"[A-Za-z0-9._%+'-]+\s?(?:[@＠]|[\[({（【]\s?(?:at|AT|At)\s?[\])}）】])\s?"
    r"[A-Za-z0-9-]+(?:(?:[.．]|\s?[\[({（【]\s?(?:dot|DOT|Dot)\s?[\])}）】]\s?)[A-Za-z0-9-]+)*"
    r"(?:[.．]|\s?[\[({（【]\s?(?:dot|DOT|Dot)\s?[\])}）】]\s?)[A-Za-z]{2,24}(?![A-Za-z0-9])"
    # A domain in Chinese letters.
    r"|[\w.+-]+[@＠](?:[\w-]+[.．])+(?:中国|公司|网络|网址|商城|集团|我爱你)",
)
_NO_DIGIT_BEFORE = r"(?<![A-Za-z0-9０-９])(?<![A-Za-z0-9０-９][._/=-])(?<![#/=])"
_NO_DIGIT_AFTER = r"(?![A-Za-z0-9０-９])(?![.,_/-]?[0-9０-９])"
_IDENTITY = re.compile(rf"{_NO_DIGIT_BEFORE}{_D}{{6}}[ -]?{_D}{{8}}[ -]?{_D}{{3}}[0-9０-９XxＸｘ]{_NO_DIGIT_AFTER}")
_CARD = re.compile(rf"{_NO_DIGIT_BEFORE}{_D}(?:[ -]?{_D}){{14,18}}{_NO_DIGIT_AFTER}")
_ISSUERS = re.compile(
    r"4(?:\d{15}|\d{18})"  # Visa; its 13 digits of old look like the number under a bar code
    r"|(?:5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12})"  # Mastercard
    r"|3[47]\d{13}|62\d{14,17}|(?:6011|65\d\d)\d{12}|35\d{14}"  # American Express, UnionPay, Discover, JCB
)
_PHONE_FORMS = (
    # Chinese mobile, with or without its country.
    rf"(?:[+＋]\s?|00)?(?:86|８６)[\s-]?[1１][3-9３-９]{_D}(?:[\s.-]?{_D}{{4}}){{2}}{_NO_DIGIT_AFTER}"
    rf"|[1１][3-9３-９]{_D}(?:[\s.-]?{_D}{{4}}){{2}}{_NO_DIGIT_AFTER}"
    # + and a country; 00 and a country in groups.
    rf"|[+＋]\s?[1-9１-９](?:[\s().–-]{{0,3}}{_D}){{7,14}}{_NO_DIGIT_AFTER}"
    rf"|00[1-9]\d{{0,2}}[\s-](?:[\s().–-]{{0,3}}{_D}){{7,12}}{_NO_DIGIT_AFTER}"
    # North American and Chinese landlines in their usual groups.
    rf"|\({_D}{{3}}\)\s?{_D}{{3}}[\s.-]{_D}{{4}}{_NO_DIGIT_AFTER}"
    rf"|{_D}{{3}}([.-]){_D}{{3}}\1{_D}{{4}}{_NO_DIGIT_AFTER}"
    rf"|[(（]?0[1-9]{_D}{{1,2}}(?:[)）]\s?|-){_D}{{7,8}}{_NO_DIGIT_AFTER}"
)
_PHONE = re.compile(rf"{_NO_DIGIT_BEFORE}(?:{_PHONE_FORMS})")
# Any other number counts where a word before it says what it is.
_CALLED = re.compile(
    rf"((?<![A-Za-z])(?:{_CALLS})(?:\s(?:me\s)?(?:on|at))?(?:\s?(?:number|no\.?|号码|号))?\s?(?:is|是|为)?[\s:：.]{{0,3}})"
    rf"([(（]?{_D}(?:[\s()./–-]{{0,3}}{_D}){{6,13}}{_NO_DIGIT_AFTER})",
    re.IGNORECASE,
)
_DATE = re.compile(r"(?:19|20)\d\d[-./]?[01]\d[-./]?[0-3]\d(?!\d)")
# Words that say that the number after them is no person's.
_NOT_A_PERSON = re.compile(
    r"(?:order|ref(?:erence)?|sku|item|article|tracking|parcel|invoice|barcode|ean|batch|serial|model|code|ticket|"
    r"订单|单号|订单号|货号|编号|运单|快递|发票|条码|批号|序列号|型号|款号|券码|编码)"
    r"(?:\s?(?:number|no\.?|nr\.?|id|code|号码|号|编号))?\s?(?:is|was|是|为)?[\s:：#.№]{0,3}$",
    re.IGNORECASE,
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643-1999
_USUAL = str.maketrans("０１２３４５６７８９Ｘｘ", "0123456789Xx")


def masked(column: pd.Series) -> pd.Series:
    """The texts with [email], [phone], [id] and [card] in place of what would name a person; the rest as it stands.

    Missing stays missing. A column that is not text comes back as it is.
    """
    if not pd.api.types.is_string_dtype(column):
        return column
    worth = pd.Series(False, index=column.index)
    for pattern in _WORTH_A_LOOK:
        worth |= column.str.contains(pattern, regex=True, na=False)
    if not worth.any():
        return column
    changed = column.copy()
    changed[worth] = [_masked(text) for text in column[worth]]
    return changed


def _masked(text: str) -> str:
    text = _EMAIL.sub("[email]", text)
    text = _IDENTITY.sub(lambda found: "[id]" if _is_identity(_digits(found[0])) else found[0], text)
    text = _CARD.sub(lambda found: "[card]" if _is_card(found) else found[0], text)
    text = _PHONE.sub(lambda found: found[0] if _is_named_otherwise(found) else "[phone]", text)
    return _CALLED.sub(lambda found: found[0] if _DATE.match(found[2]) else f"{found[1]}[phone]", text)


def _digits(text: str) -> str:
    return re.sub(r"[^0-9X]", "", text.translate(_USUAL).upper())


def _is_identity(number: str) -> bool:
    """GB 11643-1999: 17 digits, a day of birth among them, and a check letter."""
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
    return 1900 <= born.year <= 2099 and number[17] == "10X98765432"[total % 11]


def _is_card(found: re.Match) -> bool:
    number = _digits(found[0])
    return bool(_ISSUERS.fullmatch(number)) and _luhn(number) and not _is_named_otherwise(found)


def _luhn(number: str) -> bool:
    """ISO/IEC 7812: every second digit from the right doubled, digits summed, the sum a multiple of ten."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _is_named_otherwise(found: re.Match) -> bool:
    return bool(_NOT_A_PERSON.search(found.string[max(0, found.start() - 30) : found.start()]))
