import io

import pandas as pd
import pytest
import streamlit as st

from engine.outcome import what_worked
from engine.shop import store
from tests.tiny import shop_of, tables


def test_the_look_lists_every_trait_with_the_test_that_would_settle_it(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="worked")
    assert not app.exception
    first = next(one for one in what_worked.answer(store.open_shop(demo_shop_dir)) if one.kind == "messages")
    told = sum(line.told for line in first.lines)
    assert f"{told} of {len(first.lines)} things" in words(app)
    assert "not a cause" in app.warning[0].value
    table = app.dataframe[0].value
    assert len(table) == len(first.lines)
    assert table["test"].str.contains("people in each of two versions").all()


def test_another_result_is_shown_and_ads_alone_say_they_are_too_few(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", look="worked")
    app.segmented_control(key="worked.measure").set_value("clicks").run()
    assert "Headline asks a question" in set(app.dataframe[0].value["trait"])
    app.segmented_control(key="worked.kind").set_value("ads").run()
    assert not app.exception
    assert "4 ads" in words(app) and not app.dataframe


def test_the_look_speaks_chinese(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "results", language="zh", look="worked")
    assert not app.exception
    assert "不是因果" in words(app) and "折扣每多 10 个百分点" in set(app.dataframe[0].value["trait"])


def test_a_shop_without_campaigns_says_what_to_import(open_app, tmp_path, words):
    app = open_app(shop_of(tmp_path / "shop", tables("orders", "products", "customers")).path, "results", look="worked")
    assert not app.exception
    assert "No past campaign" in words(app)


@pytest.mark.parametrize(("measure", "unit"), [("extra", "per_1000_messages"), ("clicks", "relative")])
def test_the_download_holds_numbers_with_their_units_in_the_names(open_app, demo_shop_dir, monkeypatch, measure, unit):
    given = {}
    button = st.download_button

    def noted(label, data, *args, key, **options):
        given[key] = data
        return button(label, data, *args, key=key, **options)

    monkeypatch.setattr(st, "download_button", noted)
    app = open_app(demo_shop_dir, "results", look="worked")
    app.segmented_control(key="worked.measure").set_value(measure).run()
    read = pd.read_csv(io.BytesIO(given["worked.download"]()), encoding="utf-8-sig")
    answers = what_worked.answer(store.open_shop(demo_shop_dir))
    first = next(one for one in answers if (one.kind, one.measure) == ("messages", measure)).lines[0]
    row = read.iloc[0]
    assert row[f"effect_{unit}"] == pytest.approx(first.effect) and row[f"high_{unit}"] == pytest.approx(first.high)
    assert row["test_people_per_arm"] == first.settling.per_arm and row["told"] == int(first.told)
    words = {"kind", "measure", "what", "family", "name", "level"}
    assert {name for name in read if not pd.api.types.is_numeric_dtype(read[name])} == words
