"""How is the money worked out? Step by step, so that anybody can do it again with a calculator."""

import streamlit as st

from dashboard import widgets
from dashboard.text import language, t
from dashboard.views.plan_tabs.message import plain
from engine.campaign import worked
from engine.campaign.expected import Forecast
from engine.campaign.worked import Line, Number


def show(forecast: Forecast, currency: str) -> None:
    """The lines of a plan's worked example, then the textbook's ratio beside them."""
    if forecast.worked is None or forecast.extra_profit is None:
        st.info(t("money.nothing_worked", why=forecast.reason(language())), icon=":material/info:")
        return
    lines = worked.lines(forecast.worked)
    st.caption(t(f"money.intro_{forecast.basis}"))
    steps = [_row(line, currency) for line in lines if line.key not in worked.REFERENCE]
    with st.container(key="numbers.worked"):
        st.table(steps, alt=t("money.worked_alt"))
    st.caption(t("money.not_rounded", profit=plain(widgets.money(forecast.extra_profit.value, currency, 2))))
    if reference := [_row(line, currency) for line in lines if line.key in worked.REFERENCE]:
        st.markdown(f"**{t('money.reference')}**")
        with st.container(key="numbers.textbook"):
            st.table(reference, alt=t("money.reference"))
        st.caption(t("money.why_it_misleads"))


def _row(line: Line, currency: str) -> dict[str, str]:
    how = " ".join(part if isinstance(part, str) else shown(part, currency) for part in line.how)
    return {
        t("money.column_what"): t(f"money.line_{line.key}"),
        t("money.column_how"): plain(how.replace("( ", "(").replace(" )", ")")),
        t("money.column_result"): plain(shown(line.result, currency)) if line.result else "–",
        t("money.column_source"): plain(line.source.text(language())) if line.source else "",
    }


def shown(number: Number, currency: str) -> str:
    """All its digits, for the next line is worked out from them: 5.7131 %, $166.7465, 50.73."""
    if number.unit == "share":
        return f"{_trimmed(f'{number.value:,.4%}'.removesuffix('%'), 0)} %"
    if number.unit in ("money", "price", "fee"):
        digits = worked.DIGITS[number.unit]
        amount = _trimmed(f"{abs(number.value):,.{digits}f}", 2)
        symbol = widgets.SYMBOLS.get(currency, "")
        return f"{'-' if number.value < 0 else ''}{symbol}{amount}{'' if symbol else f' {currency}'}"
    return _trimmed(f"{number.value:,}", 0)


def _trimmed(text: str, digits: int) -> str:
    """Without zeros at the end, but at least so many digits after the point."""
    whole, _, after = text.partition(".")
    after = after.rstrip("0").ljust(digits, "0")
    return f"{whole}.{after}" if after else whole
