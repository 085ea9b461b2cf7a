"""The reader's first name, which only the tool that sends knows: shown by a word, exported in the tool's own syntax.

In copy it is the slot {first_name}. It stays in the filled text too, up to the page (`shown`) or the file (`for_tool`).
"""

import re

from engine.shop.shop_settings import MailTool as Tool

NAME = "first_name"
SLOT = "{first_name}"
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
# The address behind "unsubscribe", as each tool's help names it. Plain: to be replaced by hand.
UNSUBSCRIBE: dict[Tool, str] = {
    "plain": "[[unsubscribe link]]",
    "klaviyo": "{% unsubscribe_link %}",
    "mailchimp": "*|UNSUB|*",
    "braze": "{{${set_user_to_unsubscribed_url}}}",
    "hubspot": "{{ unsubscribe_link }}",
}
_MARKS = re.compile(r"\{(?=[{%$])|(?<=[}%])\}|\*(?=\|)|(?<=\|)\*")


def shown(text: str, language: str, name: str | None = None) -> str:
    """A text as a reader of this name sees it; without one, as those whose name the tool does not know.

    >>> shown("Hi {first_name}!", "en"), shown("Hi {first_name}!", "en", "Ana")
    ('Hi there!', 'Hi Ana!')
    """
    return text.replace(SLOT, FALLBACK[language] if name is None else name)


def tag(tool: Tool, language: str) -> str:
    """What stands for the first name in a tool's texts, with the word for those without one."""
    return NAMES[tool].replace("FALLBACK", FALLBACK[language])


def for_tool(text: str, tool: Tool, language: str) -> str:
    """A text for a tool to send: the name as its tag, and nothing else that the tool would take for one.

    >>> for_tool("Hi {first_name}, *|EMAIL|* is safe", "mailchimp", "en")
    'Hi *|IF:FNAME|**|FNAME|**|ELSE:|*there*|END:IF|*, * |EMAIL| * is safe'
    """
    return tag(tool, language).join(harmless(piece) for piece in text.split(SLOT))


def harmless(text: str) -> str:
    """Text whose double braces, percent braces and starred bars are no tags of a tool any more.

    >>> harmless("{{ contact.email }} {% if a %} *|EMAIL|*")
    '{ { contact.email } } { % if a % } * |EMAIL| *'
    """
    return _MARKS.sub(lambda mark: f" {mark[0]}" if mark[0] in "}" or _closes(mark) else f"{mark[0]} ", text)


def _closes(mark: re.Match[str]) -> bool:
    return mark[0] == "*" and mark.string[mark.start() - 1 : mark.start()] == "|"
