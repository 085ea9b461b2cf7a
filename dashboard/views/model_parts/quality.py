"""How good one forecast is on what it had not seen: figures, calibration, campaigns, and the table behind it."""

import pandas as pd
import streamlit as st

from dashboard import charts, widgets
from dashboard.text import channel_name, t
from dashboard.views.model_parts import names
from engine.campaign import evaluation
from engine.shop.store import Shop

SHARED = ("mse", "rmse", "mae", "r2")  # of single messages and of campaigns' rates
SINGLE = ("log_loss", "auc", "predicted_over_actual")
DIGITS = {"auc": 3, "predicted_over_actual": 2, "r2": 3}


def show(shop: Shop, version: str, target: str, card: dict, facts: dict) -> None:
    """Everything about the model in use for one target."""
    if "chosen" not in facts:
        st.info(t("model.no_held_out"), icon=":material/info:")
        return
    counted = {name: widgets.number(facts[name]) for name in ("rows", "trials", "successes", "campaigns")}
    st.write(t("model.judged_on", split=names.split(card["split"]), **counted))
    figures(facts)
    st.subheader(t("model.calibration"))
    calibration(facts)
    st.subheader(t("model.unseen"))
    campaigns(card)
    download(shop, version, target)


def figures(facts: dict) -> None:
    """Figures per message and per campaign side by side."""
    single, whole = facts["per_message"][facts["chosen"]], facts["per_campaign"][facts["chosen"]]
    rows = [
        {
            t("model.figure"): t(f"model.{name}"),
            t("model.per_message"): widgets.number(single[name], DIGITS.get(name, 5)),
            t("model.per_campaign"): widgets.number(whole.get(name), DIGITS.get(name, 5)),
            t("model.meaning"): t(f"model.{name}_help"),
        }
        for name in (*SINGLE, *SHARED)
    ]
    st.table(pd.DataFrame(rows).set_index(t("model.figure")), alt=t("model.figures_alt"))
    st.caption(t("model.figures_note"))


def calibration(facts: dict) -> None:
    """Tenths by forecast: what was said and what came, with counts and ranges."""
    tenths = pd.DataFrame(facts["calibration"])
    words = {name: t(f"model.{name}") for name in ("predicted", "actual", "count")}
    widgets.chart(charts.calibration(tenths, words), "model.calibration", t("model.calibration_alt", count=len(tenths)))
    st.caption(t("model.calibration_note", error=widgets.percent(facts["calibration_error"], 2)))
    with st.expander(t("model.calibration_table")):
        shown = pd.DataFrame(
            {
                t("model.predicted"): tenths["predicted"].map(lambda rate: widgets.percent(rate, 2)),
                t("model.actual"): tenths["actual"].map(lambda rate: widgets.percent(rate, 2)),
                t("model.range", level=names.LEVEL): [
                    f"{widgets.percent(low, 2)} – {widgets.percent(high, 2)}"
                    for low, high in zip(tenths["low"], tenths["high"], strict=True)
                ],
                t("model.count"): tenths["trials"].map(widgets.number),
                t("model.successes"): tenths["successes"].map(widgets.number),
            }
        )
        st.dataframe(shown, hide_index=True, key="model.tenths", alt=t("model.calibration_table"))


def campaigns(card: dict) -> None:
    """Campaigns the model had not seen: what it would have said beside what came, and whether its ranges held."""
    table = pd.DataFrame(card["held_out"])
    inside, of = card["ranges_that_held"]
    st.markdown(f"**{t('model.ranges_held', inside=inside, of=of)}**")
    covered(card["coverage"])
    table["actual"] = table["successes"] / table["trials"]
    figure = charts.forecast_against_actual(table, t("model.forecast"), t("model.actual"))
    widgets.chart(figure, "model.scatter", t("model.scatter_alt", count=len(table)))
    st.caption(t("model.scatter_note", sd=f"{card['campaign_sd']:.2f}"))


def covered(coverage: dict) -> None:
    """How sure the share of ranges that held is, and the same for each channel."""
    low, high = widgets.percent(coverage["low"], 0), widgets.percent(coverage["high"], 0)
    said = [t("model.coverage_range", range=widgets.between(low, high, names.LEVEL))]
    for channel, one in coverage["by_channel"].items():
        said.append(t("model.coverage_channel", channel=channel_name(channel), inside=one["inside"], of=one["of"]))
    st.caption(" ".join(said))


def download(shop: Shop, version: str, target: str) -> None:
    """The hold-out table: every figure of this page follows from it."""
    widgets.download(
        t("model.download"),
        lambda: evaluation.numbered(shop, version, target),
        f"held_out-{target}-{version}.csv",
        "model.download",
        help=t("model.download_help"),
    )
