"""How often past forecasts landed in their range, in a marketer's words."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from engine.model import coverage
from engine.model.coverage import Held
from engine.sentences import Sentence, known

LAST = 10
TARGETS = ("order", "anyway", "click")  # "anyway": extra orders


def landed(forecasts: Sequence[dict], channel: str = "") -> tuple[Held, str]:
    """How many of the last forecasts landed, of the channel where it has LAST of them; and which channel, "" for all.

    `forecasts`, earliest first: channel, low, high, actual: of campaigns held out in training, or of forecasts on
    record with their results.
    """
    own = [row for row in forecasts if channel and row["channel"] == channel]
    if len(own) >= LAST:
        return coverage.latest(own, LAST), channel
    return coverage.latest(list(forecasts), LAST), ""


def sentences(
    card: Mapping, channel: str, on_record: Mapping[str, Sequence[dict]] = MappingProxyType({})
) -> tuple[Sentence, ...]:
    """One sentence for each thing forecast that past campaigns could judge. `card`: of the models in use.

    on_record: by target, forecasts that somebody decided by, with their results. They come after the campaigns held
    out in training, and take their place once there are LAST of them.
    """
    said = []
    for target in TARGETS:
        rows = [*card["targets"].get(target, {}).get("coverage", {}).get("rows", []), *on_record.get(target, ())]
        if not rows:
            continue
        held, of_channel = landed(rows, channel)
        values: dict[str, object] = {
            "inside": held.inside,
            "of": held.of,
            "target": Sentence(f"ranges.target_{target}"),
        }
        if of_channel:
            name = f"engine.by_{of_channel}"
            values["channel"] = Sentence(name) if known(name) else of_channel
        said.append(Sentence("ranges.landed_channel" if of_channel else "ranges.landed_all", values))
    return tuple(said)
