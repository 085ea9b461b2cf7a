"""truth.json of the demo shop: everything that was planted, with units in the names, and what came of it."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from sample_data.demo import customers, deliveries, response
from sample_data.demo.ads import FATIGUE_PER_YEAR
from sample_data.demo.customers import People
from sample_data.demo.groups import GROUPS, NAMES, per_group

DISCOUNT_LEVELS = (0.0, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30)
REFERENCE = {
    "channel": "email",
    "category": None,
    "language": "en",
    "send_hour": 12,
    "headline_features": (),
    "starts_at": np.datetime64("2025-10-01T12:00:00", "s"),  # before the drift
    "click_effect": 0.0,
    "extra_effect": 0.0,
}


def truth(who: People, planned: list[dict], sent: deliveries.Sent, table: pd.DataFrame, seed: int) -> dict:
    """JSON-able. `table` is the finished deliveries table, `sent` what send_all() left behind."""
    return {
        "seed": seed,
        "about": response.__doc__,
        "click_model": _click_model(),
        "extra_order_model": _extra_order_model(),
        "discount": {
            "formula": "log_odds = ceiling * (1 - exp(-rate * discount)) * elasticity[category] * multiplier[group]",
            "elasticity_by_category": response.ELASTICITY,
            "elasticity_whole_shop": 1.0,
            "multiplier_by_group": _by_group("discount_multiplier"),
            "equivalent_discount_by_offer_kind": response.EQUIVALENT_DISCOUNT,
            "typical_basket_money": response.TYPICAL_BASKET,
        },
        "reference": _reference_table(who),
        "never_tried": {"sms": "discount above 0.20", "push": "discount above 0.15", "social": "discount above 0.25"},
        "drift": {
            "channel": response.DRIFT_CHANNEL,
            "from": response.DRIFT_FROM,
            "click_log_odds": response.DRIFT_CLICK,
            "ads_click_log_odds_per_year": FATIGUE_PER_YEAR,
        },
        "campaign_effect_sd_log_odds": response.CAMPAIGN_SD,
        "holdout_share": deliveries.HOLDOUT,
        "unsubscribe_rate_by_channel": response.UNSUBSCRIBE,
        "unsubscribe_factor_by_group": response.UNSUBSCRIBE_FACTOR,
        "not_planted": "no fatigue from many messages, no orders pulled forward, no effect after the window",
        "groups": _groups(who, sent.by_group, table),
        "campaigns": _campaigns(planned, sent.expected, table),
        "customer_group": dict(
            zip(customers.customer_ids().tolist(), np.array(NAMES)[who.group].tolist(), strict=True)
        ),
    }


def _by_group(field: str) -> dict[str, float]:
    return dict(zip(NAMES, per_group(field).tolist(), strict=True))


def _click_model() -> dict:
    return {
        "base_log_odds_by_channel": response.CLICK_BASE,
        "group_log_odds": _by_group("click"),
        "discount_ceiling_log_odds": response.CLICK_CEILING,
        "discount_rate": response.CLICK_RATE,
        "send_hour_log_odds": {str(hour): effect for hour, effect in response.HOUR_CLICK.items()},
        "headline_log_odds": response.HEADLINE_CLICK,
        "category_match_log_odds": response.CATEGORY_MATCH_CLICK,
        "language_mismatch_log_odds": response.LANGUAGE_MISMATCH_CLICK,
    }


def _extra_order_model() -> dict:
    share = response.ORDER_SHARE
    return {
        "base_log_odds_by_channel": response.EXTRA_BASE,
        "group_log_odds": _by_group("extra_order"),
        "discount_ceiling_log_odds": response.EXTRA_CEILING,
        "discount_rate": response.EXTRA_RATE,
        "send_hour_log_odds": {str(hour): round(effect * share, 4) for hour, effect in response.HOUR_CLICK.items()},
        "headline_log_odds": {name: round(effect * share, 4) for name, effect in response.HEADLINE_CLICK.items()},
        "category_match_log_odds": response.CATEGORY_MATCH_EXTRA,
        "lost_share_of_organic_orders_by_group": _by_group("lost_share"),
        "clicked_share_of_extra_orders_at_most": response.CLICK_GIVEN_EXTRA,
    }


def _reference_table(who: People) -> dict:
    """Mean true rates by discount for one plain e-mail to everybody with e-mail consent in an average week."""
    chosen = np.flatnonzero(who.reachable["email"] & (who.joined_day < 450))
    group, favourite, chinese = who.group[chosen], who.favourite[chosen], who.speaks_chinese[chosen]
    active = who.left_day[chosen] > 487  # 2025-10-01, the day of REFERENCE
    organic = -np.expm1(-who.yearly_orders[chosen] * active * response.WINDOW_DAYS["email"] / 365)
    lost = (organic * per_group("lost_share")[group]).mean()
    rows = []
    for level in DISCOUNT_LEVELS:
        plan = {**REFERENCE, "equivalent_discount": level}
        extra = ((1 - organic) * response.sigmoid(response.extra_log_odds(plan, group, favourite))).mean()
        rows.append(
            {
                "discount": level,
                "click_rate": float(response.sigmoid(response.click_log_odds(plan, group, favourite, chinese)).mean()),
                "order_rate": float(organic.mean() + extra - lost),
                "extra_order_rate": float(extra - lost),
            }
        )
    settings = {
        key: value for key, value in REFERENCE.items() if key not in ("click_effect", "extra_effect", "starts_at")
    }
    return {
        "settings": {
            **settings,
            "headline_features": [],
            "window_days": response.WINDOW_DAYS["email"],
            "offer_kind": "percent",
        },
        "customers": "e-mail consent, joined before 2025-08-25, an average week around 2025-10-01, before the drift",
        "customers_count": len(chosen),
        "organic_order_rate": float(organic.mean()),
        "by_discount": rows,
    }


def _groups(who: People, by_group: np.ndarray, table: pd.DataFrame) -> dict:
    """Per latent group: its planted numbers, its size, true expected and realised order rates."""
    names = np.array(NAMES)[who.group[table["customer_id"].str[1:].astype(int).to_numpy() - 1]]
    rates = table.groupby([names, table["treated"].to_numpy()])["converted"].mean()
    sizes = pd.Series(who.group).value_counts()
    result = {}
    for index, group in enumerate(GROUPS):
        treated, organic, extra, lost = by_group[index]
        result[group.name] = {
            **{
                key: list(value) if isinstance(value, tuple) else value
                for key, value in asdict(group).items()
                if key != "name"
            },
            "customers": int(sizes[index]),
            "true_organic_order_rate": organic / treated,
            "true_uplift_of_order_rate": (extra - lost) / treated,
            "true_buy_anyway_share_of_sent_orders": (organic - lost) / (organic + extra - lost),
            "realised_order_rate_sent": float(rates[group.name, 1]),
            "realised_order_rate_holdout": float(rates[group.name, 0]),
        }
    return result


def _campaigns(planned: list[dict], expected: list[dict], table: pd.DataFrame) -> list[dict]:
    """Per campaign: planted effects, true expected rates, realised counts and rates of sent and holdout."""
    counts = table.groupby(["campaign_id", "treated"])["converted"].agg(["size", "mean"])
    clicks = table.groupby("campaign_id")["clicked"].mean()
    rows = []
    for plan, known in zip(planned, expected, strict=True):
        name = plan["campaign_id"]
        rows.append(
            {
                "campaign_id": name,
                "equivalent_discount": plan["equivalent_discount"],
                "headline_features": list(plan["headline_features"]),
                **known,
                "sent": int(counts.loc[(name, 1), "size"]),
                "holdout": int(counts.loc[(name, 0), "size"]),
                "realised_click_rate": float(clicks[name]),
                "realised_order_rate_sent": float(counts.loc[(name, 1), "mean"]),
                "realised_order_rate_holdout": float(counts.loc[(name, 0), "mean"]),
            }
        )
    return rows
