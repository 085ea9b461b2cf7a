"""The rule of a test before the rest, in words: what a second person approves and a first one set up."""

from engine.campaign.plan import FirstTest
from engine.sentences import Sentence


def in_words(test: FirstTest) -> Sentence:
    """The whole rule as one sentence."""
    otherwise = test.fallback if test.fallback is not None else Sentence(f"staged.otherwise_{test.otherwise}")
    values = {
        "share": f"{test.share:.0%}",
        "hours": test.wait_hours,
        "metric": Sentence(f"staged.metric_{test.metric}"),
        "lift": f"{test.smallest_lift:.0%}",
        "otherwise": otherwise,
    }
    return Sentence("staged.rule", values)
