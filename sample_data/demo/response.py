"""The planted truth: how the demo shop's customers react to a message. All effects are in log-odds.

    click        = base[channel] + group + discount gain + hour + headline + category match + language
                   + drift + campaign
    extra order  = base[channel] + group + discount gain + hour + headline + category match + campaign
    discount gain = ceiling x (1 - exp(-rate x discount)) x elasticity of the category x multiplier of the group

An extra order comes only from a customer who would not have bought in the window; only one who would have can be lost.
"""

import numpy as np

from sample_data.demo import catalogue
from sample_data.demo.groups import per_group

CHANNELS = ("email", "sms", "push", "social")
WINDOW_DAYS = {"email": 7, "sms": 3, "push": 1, "social": 7}
SEND_COST = {"email": 0.01, "sms": 0.05, "push": 0.001, "social": 0.02}

CLICK_BASE = {"email": -3.7, "sms": -3.4, "push": -4.65, "social": -4.5}
EXTRA_BASE = {"email": -5.1, "sms": -5.05, "push": -5.9, "social": -5.7}
CLICK_CEILING, CLICK_RATE = 0.9, 8.0
EXTRA_CEILING, EXTRA_RATE = 1.7, 7.0
ELASTICITY = dict(zip(catalogue.NAMES, (0.8, 1.1, 0.9, 1.0, 0.7, 1.0, 1.25, 1.2), strict=True))  # no category: 1.0
HOUR_CLICK = {
    8: -0.15, 9: 0.05, 10: 0.2, 11: 0.12, 12: 0.0, 13: -0.08, 14: -0.2, 15: -0.2, 16: -0.1, 17: 0.0, 18: 0.08, 19: 0.18,
    20: 0.25, 21: 0.1,
}  # fmt: skip
HEADLINE_CLICK = {"question": 0.15, "urgency": 0.2, "first_name": 0.14, "emoji": 0.1, "number": 0.12}
ORDER_SHARE = 0.5  # hour and headline effects on the extra-order model are this share of those on clicks
CATEGORY_MATCH_CLICK, CATEGORY_MATCH_EXTRA = 0.35, 0.4  # the campaign's category is the customer's favourite
LANGUAGE_MISMATCH_CLICK = -0.25
DRIFT_FROM, DRIFT_CHANNEL, DRIFT_CLICK = "2026-01-01", "email", -0.35
CAMPAIGN_SD = {"click": 0.12, "extra_order": 0.12}
CLICK_GIVEN_EXTRA = 0.6  # share of extra orders that came through a click, at most
UNSUBSCRIBE = {"email": 0.0022, "sms": 0.003, "push": 0.0012, "social": 0.0004}
UNSUBSCRIBE_FACTOR = {"lapsed": 1.5, "quiet_loyal": 3.0}
# An offer that is no percentage works like this discount.
EQUIVALENT_DISCOUNT = {
    "gift": 0.08,
    "free_shipping": 0.06,
    "buy_x_get_y": 0.12,
    "points": 0.04,
    "early_access": 0.03,
    "none": 0.0,
}
TYPICAL_BASKET = 130.0  # an amount off works like amount / typical basket


def discount_gain(discount: np.ndarray | float, ceiling: float, rate: float) -> np.ndarray:
    """Log-odds gained from a discount given as a fraction, at elasticity 1: rises fast, then flattens.

    >>> [round(float(discount_gain(d, 0.9, 8.0)), 2) for d in (0.0, 0.1, 0.3)]
    [0.0, 0.5, 0.82]
    """
    return ceiling * (1.0 - np.exp(-rate * np.asarray(discount, float)))


def sigmoid(log_odds: np.ndarray) -> np.ndarray:
    """Probability from log-odds."""
    return 1.0 / (1.0 + np.exp(-log_odds))


def equivalent_discount(kind: str, discount: float | None) -> float:
    """The percentage, as a fraction, that an offer works like."""
    if kind == "percent":
        return discount or 0.0
    if kind in ("amount", "spend_save"):
        return (discount or 0.0) / TYPICAL_BASKET
    return EQUIVALENT_DISCOUNT[kind]


def drift(channel: str, starts_at: np.datetime64) -> float:
    """Log-odds by which clicks of this channel have fallen at that time."""
    return DRIFT_CLICK if channel == DRIFT_CHANNEL and starts_at >= np.datetime64(DRIFT_FROM) else 0.0


def click_log_odds(campaign: dict, group: np.ndarray, favourite: np.ndarray, chinese: np.ndarray) -> np.ndarray:
    """Click log-odds of customers (group index, favourite category index, language) for one campaign."""
    gain = discount_gain(campaign["equivalent_discount"], CLICK_CEILING, CLICK_RATE) * ELASTICITY.get(
        campaign["category"], 1.0
    )
    return (
        CLICK_BASE[campaign["channel"]]
        + per_group("click")[group]
        + gain * per_group("discount_multiplier")[group]
        + HOUR_CLICK[campaign["send_hour"]]
        + sum(HEADLINE_CLICK[name] for name in campaign["headline_features"])
        + CATEGORY_MATCH_CLICK * _matches(campaign, favourite)
        + LANGUAGE_MISMATCH_CLICK * (chinese != (campaign["language"] == "zh"))
        + drift(campaign["channel"], campaign["starts_at"])
        + campaign["click_effect"]
    )


def extra_log_odds(campaign: dict, group: np.ndarray, favourite: np.ndarray) -> np.ndarray:
    """Log-odds that the message makes a customer order who would not have ordered in the window."""
    gain = discount_gain(campaign["equivalent_discount"], EXTRA_CEILING, EXTRA_RATE) * ELASTICITY.get(
        campaign["category"], 1.0
    )
    return (
        EXTRA_BASE[campaign["channel"]]
        + per_group("extra_order")[group]
        + gain * per_group("discount_multiplier")[group]
        + ORDER_SHARE * HOUR_CLICK[campaign["send_hour"]]
        + ORDER_SHARE * sum(HEADLINE_CLICK[name] for name in campaign["headline_features"])
        + CATEGORY_MATCH_EXTRA * _matches(campaign, favourite)
        + campaign["extra_effect"]
    )


def click_chance(p_click: np.ndarray, p_extra: np.ndarray, extra: np.ndarray) -> np.ndarray:
    """Chance of a click once it is known who orders extra; over all customers it is p_click again.

    Whoever came because of the message mostly clicked it. Extra orders bring at most 0.8 of all clicks.
    """
    share = np.minimum(CLICK_GIVEN_EXTRA, 0.8 * p_click / p_extra)
    return np.where(extra, share, (p_click - p_extra * share) / (1.0 - p_extra))


def _matches(campaign: dict, favourite: np.ndarray) -> np.ndarray:
    return np.array(catalogue.NAMES)[favourite] == (campaign["category"] or "")
