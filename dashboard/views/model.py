"""How good are the forecasts, and what were they learned from?"""

import streamlit as st

from dashboard import cache, state, widgets
from dashboard.text import t
from dashboard.views.model_parts import changed, compared, lessons, names, origin, quality
from engine.errors import ModelFileProblem

LOOKS = ("quality", "compared", "lessons", "changed", "origin")


def headline(card: dict) -> None:
    """What was learned from, up to when, against what."""
    st.write(t(f"model.basis_{card['basis']}"))
    with st.container(horizontal=True):
        for name in ("messages", "campaigns", "held_out_customers"):
            st.metric(t(f"model.{name}"), widgets.number(card[name]), border=True)
    first, last = card["first_sent"] or "–", card["last_sent"] or "–"
    st.caption(t("model.dates", first=first, last=last, as_of=card["as_of"]))


def target_page(card: dict, facts: dict, target: str, look: str) -> None:
    """One look at one thing that is forecast."""
    if "reason" in card:
        st.info(t("model.not_learned", reason=card["reason"]), icon=":material/block:")
        return
    learned = {name: widgets.number(card[name]) for name in ("rows", "trials", "successes", "campaigns")}
    st.write(t("model.learned_from", **learned))
    if look == "quality":
        quality.show(shop, models.version, target, card, facts)
    elif look == "compared":
        compared.show(card, facts)
    else:
        lessons.show(facts)


def anyway(card: dict) -> None:
    """What the model of people who would buy anyway was learned from, or why there is none."""
    if "reason" in card:
        st.info(t("model.no_anyway", reason=card["reason"]), icon=":material/block:")
    else:
        facts = {name: widgets.number(card[name]) for name in ("rows", "successes", "campaigns")}
        st.write(t("model.anyway", **facts))
        if (held := card["coverage"])["of"]:
            st.markdown(f"**{t('model.extra_ranges_held', inside=held['inside'], of=held['of'])}**")
            quality.covered(held)


widgets.page_head("model.title", "model.purpose")

with widgets.problem_box():
    shop = widgets.need_shop()
    try:
        models = widgets.need_models(shop)
        judged = cache.forecasts.evaluation(shop, models.version)
    except ModelFileProblem as problem:
        widgets.show_problem(problem)
        widgets.train_button(shop, "model.learn_again")
        st.stop()

card = models.card
headline(card)
if card["shop_version"] != shop.version:
    st.info(t("model.data_changed"), icon=":material/update:")
with widgets.problem_box():
    widgets.train_button(shop, "model.learn_again")
origin.waiting(shop)

targets = [name for name, one in card["targets"].items() if name != "anyway" and ("chosen" in one or "reason" in one)]
state.keep("model.target", targets[0], targets, address="about")
target = (
    st.segmented_control(t("model.about"), targets, required=True, format_func=names.target, key="model.target")
    or targets[0]
)
state.keep("model.look", LOOKS[0], LOOKS, address="look")
look = (
    st.segmented_control(
        t("model.look"), LOOKS, required=True, format_func=lambda name: t(f"model.look_{name}"), key="model.look"
    )
    or LOOKS[0]
)
if look == "origin":
    origin.show(shop, card, models.version)
elif look == "changed":
    with widgets.problem_box():
        changed.show(shop)
else:
    target_page(card["targets"][target], judged.get(target, {}), target, look)
if look not in ("changed", "origin") and target == "order" and "anyway" in card["targets"]:
    anyway(card["targets"]["anyway"])
