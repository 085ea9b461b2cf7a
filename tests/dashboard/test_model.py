import json
import re
import shutil

import numpy as np
import pytest
from sklearn import metrics

from engine import jobs
from engine import settings as environment
from engine.campaign import evaluation, response, versions
from engine.decision import ledger
from engine.model import manifest
from engine.shop import store


@pytest.fixture
def model_page(open_app, trained_shop_dir):
    """model_page(target, look): the page of the shared shop, one look at one forecast."""

    def open_(target="order", look="quality"):
        app = open_app(trained_shop_dir, "model")
        app.segmented_control(key="model.target").set_value(target).run()
        app.segmented_control(key="model.look").set_value(look).run()
        assert not app.exception
        return app

    return open_


@pytest.fixture
def used(trained_shop_dir):
    shop = store.open_shop(trained_shop_dir)
    return shop, response.load(shop)


def test_every_figure_on_the_page_follows_from_the_hold_out_table(model_page, used):
    shop, models = used
    app = model_page()
    shown = app.table[0].value
    table = evaluation.numbered(shop, models.version, "order")
    came, said, weight = each_message(table, "predicted")
    squared = metrics.mean_squared_error(came, said, sample_weight=weight)
    counts = table.assign(expected=table["predicted"] * table["trials"]).groupby("campaign")
    seen, expected = (counts[name].sum() / counts["trials"].sum() for name in ("successes", "expected"))
    again = {
        "Log-loss": (f"{metrics.log_loss(came, said, sample_weight=weight):.5f}", "–"),
        "AUC": (f"{metrics.roc_auc_score(came, said, sample_weight=weight):.3f}", "–"),
        "Forecast / actual": (f"{(said * weight).sum() / (came * weight).sum():.2f}", "–"),
        "RMSE": (f"{squared**0.5:.5f}", f"{metrics.root_mean_squared_error(seen, expected):.5f}"),
        "MAE": (
            f"{metrics.mean_absolute_error(came, said, sample_weight=weight):.5f}",
            f"{metrics.mean_absolute_error(seen, expected):.5f}",
        ),
        "R²": (f"{metrics.r2_score(came, said, sample_weight=weight):.3f}", f"{metrics.r2_score(seen, expected):.3f}"),
    }
    for figure, pair in again.items():
        assert tuple(shown.loc[figure])[:2] == pair
    assert shown.loc["MSE (per message: Brier score)"].iloc[0] == f"{squared:.5f}"
    tenths = app.dataframe[0].value
    assert sum(int(count.replace(",", "")) for count in tenths["Messages"]) == round(table["trials"].sum())


def each_message(table, name):
    """(came, said, weight) of the messages that rows stand for: those with an answer, then those without."""
    came = np.repeat([1, 0], len(table))
    weight = np.concatenate([table["successes"], table["trials"] - table["successes"]])
    return came, np.concatenate([table[name], table[name]]), weight


def loss_of(table, name):
    """Log-loss per message."""
    return metrics.log_loss(*each_message(table, name)[:2], sample_weight=each_message(table, name)[2])


def auc_of(table, name):
    came, said, weight = each_message(table, name)
    return metrics.roc_auc_score(came, said, sample_weight=weight)


def test_the_models_and_their_distances_follow_from_the_hold_out_table(model_page, used, words):
    shop, models = used
    app = model_page(look="compared")
    table = evaluation.numbered(shop, models.version, "order")
    names = ("linear", "trees", "both", "constant", "logistic", "small_tree")
    shown = app.dataframe[0].value
    losses = {name: loss_of(table, name) for name in names}
    assert list(shown["log_loss"].round(5)) == [round(losses[name], 5) for name in names]
    assert list(shown["auc"].round(3)) == [round(auc_of(table, name), 3) for name in names]
    chosen = models.card["targets"]["order"]["chosen"]
    for name, said in zip(names, shown["better"], strict=True):
        if name != chosen:
            assert said.startswith(f"{losses[chosen] - losses[name]:+.5f} (95 %: ")
    points = [float(number) for number in re.findall(r"instead of \d+: ([+-][\d.]+)", words(app))]
    curve = sorted((c for c in table if c.startswith("learned_from_")), key=lambda name: int(name.rsplit("_", 1)[1]))
    far = loss_of(table, curve[0]) - loss_of(table, curve[-1]) if curve else 0.0
    assert points == ([pytest.approx(far, abs=1e-5)] if len(curve) > 1 else [])


def test_a_change_over_time_is_said_in_words_with_its_size_in_each_channel(model_page, used, words):
    app = model_page(look="compared")
    drift = used[1].card["targets"]["order"]["drift"]
    assert ("Not quite: response rates changed" in words(app)) is drift["found"]
    shown = next(table.value for table in app.table if table.value.index.name == "Channel")
    assert len(shown) == len(drift["trends"])
    for said, trend in zip(shown.iloc[:, 0], drift["trends"], strict=True):
        assert said.startswith(f"{100 * np.expm1(trend['log_odds']):+.0f} %")


def test_the_hold_out_table_names_no_customer(used):
    shop, models = used
    customers = set(shop.table("customers")["customer_id"])
    for target in models.responses:
        table = evaluation.numbered(shop, models.version, target)
        assert not customers & set(table["campaign"].astype("str"))
        assert {"row", "campaign", "trials", "successes", "predicted", "constant"} <= set(table)
        assert sum(path.stat().st_size for path in versions.folder(shop, models.version).iterdir()) < 8_000_000


def test_the_page_says_on_what_it_was_judged_and_whether_ranges_held(model_page, used, words):
    order = used[1].card["targets"]["order"]
    inside, of = order["ranges_that_held"]
    said = words(model_page())
    assert f"{inside} of {of} past ranges held" in said
    assert "Judged on later campaigns it had not seen" in said
    assert "held out on purpose" in said


def test_what_was_learned_is_shown_and_is_said_not_to_be_cause(model_page, used, words):
    shop, models = used
    app = model_page(look="lessons")
    assert "What the model learned is not cause" in words(app)
    told = evaluation.read(shop, models.version)["order"]["learned"]
    charts = [json.loads(one.proto.spec) for one in app.get("plotly_chart")]
    assert len(charts) == 2
    last = list(told["dependence"])[-1]
    app.selectbox(key="model.feature").set_value(last).run()
    assert not app.exception
    assert len(json.loads(app.get("plotly_chart")[1].proto.spec)["data"]) == 3


def test_what_it_looks_at_and_must_not_look_at_stands_beside_the_kept_models(model_page, used, words):
    app = model_page(look="origin")
    assert "gender" in words(app)
    assert app.dataframe[1].value.iloc[0, 0] == used[1].version
    assert "lightgbm" in words(app)


def test_every_target_has_its_page(open_app, trained_shop_dir):
    app = open_app(trained_shop_dir, "model")
    for look in ("quality", "compared", "lessons"):
        app.segmented_control(key="model.look").set_value(look).run()
        for target in ("click", "order", "unsubscribe", "ad_click", "ad_conversion"):
            app.segmented_control(key="model.target").set_value(target).run()
            assert not app.exception


def test_in_chinese_the_page_speaks_chinese(open_app, trained_shop_dir, words):
    app = open_app(trained_shop_dir, "model", "zh")
    assert not app.exception
    assert "检验于" in words(app)
    assert "对数损失" in app.table[0].value.index
    app = open_app(trained_shop_dir, "model", "zh", look="compared")
    assert "（Optuna TPE，以后续整场活动上的对数损失为准）" in words(app)


def not_promoted(folder):
    """The shop with a second model that was not put in use: a copy of the first that says it was worse."""
    shop = store.open_shop(folder)
    version = response.current_version(shop)
    source = versions.folder(shop, version)
    card = json.loads((source / "card.json").read_text())
    compared = {"order": {"mean": 0.01, "low": 0.005, "high": 0.02, "units": 4, "unseen": True}}
    card |= {
        "promoted": False,
        "promotion": card["promotion"] | {"why": "worse", "targets": ["order"], "compared": compared},
    }
    files = manifest.read(source) | {"card.json": json.dumps(card).encode()}
    versions.save(shop, "20260601-worse", files, manifest.about(source), promoted=False)
    return shop, version


def test_a_model_that_was_not_used_says_why_and_can_be_used_with_a_reason(open_app, trained_shop, words):
    shop, first = not_promoted(trained_shop)
    app = open_app(trained_shop, "model")
    assert "Not in use: on later campaigns the forecasts of orders were worse" in words(app)
    button = next(one for one in app.button if one.label == "Use this model")
    button.click().run()
    assert "Say why" in words(app) and response.current_version(shop) == first
    app.text_input(key="model.use_reason.20260601-worse").set_value("the import was mended")
    next(one for one in app.button if one.label == "Use this model").click().run()
    assert not app.exception
    assert response.current_version(shop) == "20260601-worse"
    last = ledger.entries(shop.path, shop.shop_id, environment.read().config)[-1]
    assert (last.action, last.payload["reason"]) == ("model_chosen", "the import was mended")
    assert "Not in use" not in words(app)


def test_before_the_first_time_it_offers_to_learn_and_starts_a_job(open_app, demo_shop, words):
    app = open_app(demo_shop, "model")
    assert "have to be learned once" in words(app)
    app.button(key="common.learn").click().run()
    assert not app.exception
    job = jobs.latest(demo_shop, "train")
    assert job is not None and job.state in ("queued", "running")
    app.button(key="common.cancel.train").click().run()
    assert jobs.status(demo_shop, job.job_id).state == "cancelled"


def test_learning_that_failed_says_why(open_app, demo_shop, words):
    for name in ("deliveries", "ads"):
        (demo_shop / "tables" / f"{name}.parquet").unlink()
    app = open_app(demo_shop, "model")
    assert not app.exception
    assert "nothing to learn from" in words(app)


def test_a_changed_model_file_is_a_sentence_and_a_way_to_learn_again(open_app, trained_shop, words):
    version = response.current_version(store.open_shop(trained_shop))
    (trained_shop / "models" / version / "variation.json").write_text("{}")
    app = open_app(trained_shop, "model")
    assert not app.exception
    assert app.error and "variation.json" in words(app)
    assert app.button(key="common.learn").label == "Learn again"


def test_a_missing_model_folder_is_a_sentence(open_app, trained_shop, words):
    shutil.rmtree(trained_shop / "models" / response.current_version(store.open_shop(trained_shop)))
    app = open_app(trained_shop, "model")
    assert not app.exception
    assert app.error
