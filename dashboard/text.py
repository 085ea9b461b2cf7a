"""Every word a user sees, from assets/text/*.toml, in the language of the page."""

from dashboard import state
from engine import sentences
from engine.sentences import Language


def language() -> Language:
    """The language of the page."""
    return state.language()


def t(key: str, **values: object) -> str:
    """The text of a key with its values filled in: t("today.title")."""
    return sentences.say(key, state.language(), **values)


def known(key: str) -> bool:
    """Whether there is a text for this key."""
    return sentences.known(key)


def group_name(name: str) -> str:
    """A group's plain name. The engine builds it from English traits; each has its translation."""
    traits = name.split(" (")[0].split(", ")
    if not all(sentences.known(_trait(trait)) for trait in traits):
        return name
    joined = t("common.trait_separator").join(t(_trait(trait)) for trait in traits)
    return f"{joined[:1].upper()}{joined[1:]}{name[len(', '.join(traits)) :]}"


def _trait(words: str) -> str:
    return f"common.trait_{words.lower().replace(' ', '_').replace('-', '_')}"


def channel_name(channel: str) -> str:
    """A channel in the page's language; one the shop named itself stays as it is."""
    key = f"common.channel_{channel}"
    return t(key) if sentences.known(key) else channel


def table_name(table: str) -> str:
    """A table of the shop in a marketer's words."""
    return t(f"common.table_{table}")
