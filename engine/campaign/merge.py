"""What differs from reader to reader, the first name and a code of one's own: exported in the syntax of the tool that
sends.

In copy they are the slots {first_name} and, where a plan has personal codes, {code}. They stay in the filled text too,
up to the page (`shown`) or the file (`for_tool`).
"""

import re
from collections.abc import Iterator

from engine.shop.shop_settings import MailTool as Tool

NAME = "first_name"
SLOT = "{first_name}"
CODE_SLOT = "{code}"
EXAMPLE_CODE = "7KQ4TMXP"  # as long as those made here: shown in previews, and where the length is billed
CHANNELS = ("email", "sms", "push", "mail")  # those sent to one person by a tool that knows the name
FALLBACK = {"en": "there", "zh": "朋友"}  # "Hi there", "亲爱的朋友"
LONG_NAME = {"en": "Christopher", "zh": "欧阳娜娜"}  # as long as many are, where the length is billed

# help.klaviyo.com "Template tags"; mailchimp.com/help "Use conditional merge tag blocks"; braze.com/docs "Setting
# default values"; developers.hubspot.com "HubL filters" (`true`: an empty name takes the default too).
NAMES: dict[Tool, str] = {
    "plain": "FALLBACK",
    "klaviyo": "{{ first_name|default:'FALLBACK' }}",
    "mailchimp": "*|IF:FNAME|**|FNAME|**|ELSE:|*FALLBACK*|END:IF|*",
    "braze": "{{${first_name} | default: 'FALLBACK'}}",
    "hubspot": "{{ contact.firstname|default('FALLBACK', true) }}",
}
# Where a reader's own code goes. help.klaviyo.com 115005084727 "coupon codes" (NAME: of the coupon that the codes were
# uploaded for; Klaviyo hands them out itself); mailchimp.com/help "merge tags" (a field of the audience);
# braze.com/docs "custom attributes"; developers.hubspot.com "HubL" (a property of the contact). Plain: the variable of
# a text message's template, as Aliyun writes it.
CODES: dict[Tool, str] = {
    "plain": "${code}",
    "klaviyo": "{% coupon_code 'NAME' %}",
    "mailchimp": "*|COUPON|*",
    "braze": "{{custom_attribute.${coupon_code}}}",
    "hubspot": "{{ contact.coupon_code }}",
}
# The column of a tool's file of recipients that its tag takes the code from; Klaviyo takes a file of codes alone.
CODE_COLUMNS: dict[Tool, str | None] = {
    "plain": "code",
    "klaviyo": None,
    "mailchimp": "COUPON",
    "braze": "coupon_code",
    "hubspot": "coupon_code",
}
# The address behind "unsubscribe", as each tool's help names it. Plain: to be replaced by hand.
UNSUBSCRIBE: dict[Tool, str] = {
    "plain": "[[unsubscribe link]]",
    "klaviyo": "{% unsubscribe_link %}",
    "mailchimp": "*|UNSUB|*",
    "braze": "{{${set_user_to_unsubscribed_url}}}",
    "hubspot": "{{ unsubscribe_link }}",
}
_OURS = re.compile(r"(\{first_name\}|\{code\})")
_MARKS = re.compile(r"\{(?=[{%$])|(?<=[}%])\}|\*(?=\|)|(?<=\|)\*")


def shown(text: str, language: str, name: str | None = None, code: str | None = None) -> str:
    """A text as a reader of this name and with this code sees it; without a name, as those whose name the tool does not
    know. Without a code its slot stays.

    >>> shown("Hi {first_name}!", "en"), shown("Hi {first_name}!", "en", "Ana")
    ('Hi there!', 'Hi Ana!')
    """
    text = text.replace(SLOT, FALLBACK[language] if name is None else name)
    return text if code is None else text.replace(CODE_SLOT, code)


def tag(tool: Tool, language: str) -> str:
    """What stands for the first name in a tool's texts, with the word for those without one."""
    return NAMES[tool].replace("FALLBACK", FALLBACK[language])


def code_tag(tool: Tool, coupon: str) -> str:
    """What stands for a reader's own code in a tool's texts. coupon: the plan's id, which its coupon is named by."""
    return CODES[tool].replace("NAME", coupon)


def pieces(text: str, tool: Tool, language: str, coupon: str = "") -> Iterator[tuple[str, bool]]:
    """A text cut up for a tool: (words, False) and (tag of ours, True)."""
    for piece in _OURS.split(text):
        if piece in (SLOT, CODE_SLOT):
            yield tag(tool, language) if piece == SLOT else code_tag(tool, coupon), True
        elif piece:
            yield piece, False


def for_tool(text: str, tool: Tool, language: str, coupon: str = "") -> str:
    """A text for a tool to send: name and code as its tags, and nothing else that the tool would take for one.

    >>> for_tool("Hi {first_name}, *|EMAIL|* is safe", "mailchimp", "en")
    'Hi *|IF:FNAME|**|FNAME|**|ELSE:|*there*|END:IF|*, * |EMAIL| * is safe'
    >>> for_tool("Enter {code}", "klaviyo", "en", "spring")
    "Enter {% coupon_code 'spring' %}"
    """
    return "".join(said if ours else harmless(said) for said, ours in pieces(text, tool, language, coupon))


def harmless(text: str) -> str:
    """Text whose double braces, percent braces and starred bars are no tags of a tool any more.

    >>> harmless("{{ contact.email }} {% if a %} *|EMAIL|*")
    '{ { contact.email } } { % if a % } * |EMAIL| *'
    """
    return _MARKS.sub(lambda mark: f" {mark[0]}" if mark[0] in "}" or _closes(mark) else f"{mark[0]} ", text)


def _closes(mark: re.Match[str]) -> bool:
    return mark[0] == "*" and mark.string[mark.start() - 1 : mark.start()] == "|"
