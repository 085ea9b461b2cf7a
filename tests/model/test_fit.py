"""The response model finds what was planted, adds up, and judges itself on later campaigns only."""

import numpy as np
import pandas as pd
import pytest
import shap
from scipy.special import expit

from engine.errors import ModelFileProblem, NotEnoughData
from engine.model import fit, manifest

SHRUNK = {"discount|fraction"}


def messages(campaigns=12, each=1_500, seed=0, response=None):
    """Rows whose clicks depend on the discount only, unless `response` says otherwise; the rest is noise."""
    random = np.random.default_rng(seed)
    count = campaigns * each
    frame = pd.DataFrame(
        {
            "discount|fraction": np.repeat(random.choice([0.0, 0.1, 0.2, 0.3], campaigns), each),
            "recency_days|log": random.normal(3, 1, count),
            "noise|log": random.normal(0, 1, count),
            "channel": random.choice(["email", "sms"], count),
            "tier": random.choice(["gold", "silver", "bronze"], count),
        }
    )
    frame.loc[random.random(count) < 0.1, "recency_days|log"] = np.nan
    log_odds = (response or (lambda f: -2.5 + 6 * f["discount|fraction"]))(frame)
    clicked = (random.random(count) < expit(log_odds)).astype(float)
    unit = np.repeat(np.arange(campaigns), each)
    return fit.Rows(frame, np.ones(count), clicked, unit, np.array([f"k{u:02d}" for u in unit]))


def interaction(frame):
    """What no straight line sees: gold customers by SMS click, and recency counts only in the middle."""
    middle = (frame["recency_days|log"] - 3).abs() < 0.5
    return -3 + 2.5 * (frame["tier"].eq("gold") & frame["channel"].eq("sms")) + 1.5 * middle


@pytest.fixture(scope="module")
def models():
    rows = messages(response=interaction)
    return fit.fit_candidates(rows, SHRUNK, 0), rows


@pytest.mark.parametrize("kind", fit.KINDS)
def test_contributions_add_up_to_the_prediction(models, kind):
    model, rows = models[0][kind], models[1].features.head(400)
    base, parts = model.contributions(rows)
    np.testing.assert_allclose(base + parts.sum(axis=1), model.log_odds(rows), rtol=0, atol=1e-9)
    np.testing.assert_allclose(model.predict(rows), expit(base + parts.sum(axis=1)), rtol=0, atol=1e-9)
    assert list(parts.index) == list(rows.index)


def test_what_is_held_out_has_no_say_in_how_numbers_are_standardised(monkeypatch):
    learned, real = [], fit._fitted
    monkeypatch.setattr(fit, "_fitted", lambda *given: learned.append(real(*given)) or learned[-1])

    def scales(rows):
        learned.clear()
        fit.train(rows, "later whole campaigns", SHRUNK, 0)
        return [models["linear"].encoder for models in learned if "linear" in models]

    rows = messages(campaigns=8, each=300)
    before = scales(rows)
    rows.features.loc[rows.unit == 7, "recency_days|log"] = 1e6
    rows.features.loc[rows.unit == 7, "channel"] = "pigeon"
    after = scales(rows)
    folds = fit.splits.folds(rows.unit, "later whole campaigns")
    assert len(folds) > 1 and not any((rows.unit[fold.train] == 7).any() for fold in folds)
    assert after[: len(folds)] == before[: len(folds)]
    assert fit.fit_candidates(rows, SHRUNK, 0, ("linear",))["linear"].encoder != before[0]  # not held out, it has


def test_contributions_stand_under_their_feature_and_not_under_its_columns(models):
    _, parts = models[0]["both"].contributions(models[1].features.head(3))
    assert set(parts) <= {"discount", "recency_days", "noise", "channel", "tier"}


def test_contributions_of_the_trees_are_those_of_shap(models):
    model, rows = models[0]["trees"], models[1].features.head(200)
    matrix = model.encoder.matrix(rows)
    explained = shap.TreeExplainer(model.trees).shap_values(matrix)
    ours = model.trees.predict(matrix, pred_contrib=True)[:, :-1]
    np.testing.assert_allclose(ours, explained, rtol=0, atol=1e-9)
    by_feature = pd.DataFrame(explained * model.affine.slope, columns=[c.split("|")[0].split("=")[0] for c in
                                                                       model.encoder.columns])  # fmt: skip
    np.testing.assert_allclose(model.contributions(rows)[1], by_feature.T.groupby(level=0).sum().T, rtol=0, atol=1e-9)


def test_contributions_of_the_linear_part_are_those_of_shap(models):
    model, rows = models[0]["linear"], models[1].features
    matrix = model.encoder.matrix(rows)
    learned_from = shap.maskers.Independent(matrix, max_samples=len(matrix))
    explainer = shap.LinearExplainer((model.weights, model.intercept), learned_from)
    ours = model.encoded_contributions(matrix[:200])
    np.testing.assert_allclose(ours[1], explainer.shap_values(matrix[:200]) * model.affine.slope, rtol=0, atol=1e-9)
    assert ours[0] == pytest.approx(float(model.affine(np.array(explainer.expected_value))), abs=1e-9)


def test_where_clicks_depend_on_the_discount_only_the_discount_matters():
    rows = messages()
    model = fit.fit_candidates(rows, SHRUNK, 0, ("linear",))["linear"]
    _, parts = model.contributions(rows.features)
    spread = parts.std().sort_values(ascending=False)
    assert spread.index[0] == "discount"
    assert spread.iloc[0] > 8 * spread.iloc[1]
    plain = rows.features.head(1)
    rates = [model.predict(plain.assign(**{"discount|fraction": d}))[0] for d in (0.0, 0.1, 0.2, 0.3)]
    assert rates == sorted(rates)
    np.testing.assert_allclose(rates, expit(-2.5 + 6 * np.array([0.0, 0.1, 0.2, 0.3])), rtol=0.15)


def test_trees_are_kept_where_they_earn_it_and_beat_the_mean_on_later_campaigns():
    rows = messages(response=interaction)
    _, judged = fit.train(rows, "later whole campaigns", SHRUNK, 0)
    assert judged.chosen in ("trees", "both")
    by_kind = judged.candidates.set_index("kind")
    assert by_kind.loc[judged.chosen, "log_loss"] == by_kind["log_loss"].min()
    assert by_kind.loc[judged.chosen, "log_loss"] < by_kind.loc["linear", "log_loss"] - 0.01
    rate = rows.successes.mean()
    mean = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert by_kind.loc[judged.chosen, "log_loss"] < mean - 0.02
    assert by_kind.loc[judged.chosen, "predicted_over_actual"] == pytest.approx(1.0, abs=0.1)


def test_later_campaigns_are_judged_each_once_and_earlier_ones_never():
    rows = messages()
    shares = []
    _, judged = fit.train(rows, "later whole campaigns", SHRUNK, 0, shares.append)
    assert judged.held_out["campaign"].tolist() == ["k08", "k09", "k10", "k11"]
    assert judged.held_out["trials"].sum() == 4 * 1_500
    seen = pd.Series(rows.successes).groupby(rows.campaign).sum()
    np.testing.assert_array_equal(judged.held_out["successes"], seen.loc[judged.held_out["campaign"]])
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_the_same_seed_gives_the_same_model():
    rows = messages(each=400, response=interaction)
    first, second = (fit.train(rows, "later whole campaigns", SHRUNK, 5)[0] for _ in range(2))
    assert manifest.response_files("click", first) == manifest.response_files("click", second)


def test_totals_and_single_rows_teach_the_same_whatever_their_order():
    rows = messages(campaigns=8, each=600, response=interaction)
    keys = ["discount|fraction", "channel", "tier"]
    plain = rows.features[keys]
    single = fit.Rows(plain, rows.trials, rows.successes, rows.unit, rows.campaign)
    table = plain.assign(n=1.0, s=rows.successes, unit=rows.unit, campaign=rows.campaign)
    totals = table.groupby([*keys, "unit", "campaign"], as_index=False)[["n", "s"]].sum()
    assert len(totals) < 100
    grouped = fit.Rows(totals[keys], *(totals[c].to_numpy() for c in ("n", "s", "unit", "campaign")))
    shuffled = single.take(np.random.default_rng(1).permutation(len(plain)))
    (one, said), (many, told), (mixed, _) = (
        fit.train(r, "later whole campaigns", set(), 0) for r in (single, grouped, shuffled)
    )
    assert one.kind == many.kind == mixed.kind
    np.testing.assert_allclose(many.predict(plain), one.predict(plain), rtol=0, atol=1e-6)
    np.testing.assert_allclose(mixed.predict(plain), one.predict(plain), rtol=0, atol=1e-6)
    pd.testing.assert_frame_equal(told.candidates, said.candidates, rtol=1e-6)


def test_rows_that_look_the_same_stay_apart_where_their_campaigns_differ():
    rows = fit.Rows(pd.DataFrame({"tier": ["gold"] * 4}), np.ones(4), np.array([1.0, 0.0, 0.0, 1.0]),
                    np.array([1, 0, 1, 0]), np.array(["b", "a", "b", "c"]))  # fmt: skip
    one = fit.merged(rows)
    assert {(c, n, s) for c, n, s in zip(one.campaign, one.trials, one.successes, strict=True)} == {
        ("a", 1.0, 0.0), ("b", 2.0, 1.0), ("c", 1.0, 1.0),
    }  # fmt: skip


def test_rows_come_in_the_same_order_on_processors_that_differ_in_the_last_bits_of_a_logarithm():
    day = np.arange(40)
    amount = np.log1p(day % 20 + 0.1)
    rows, other = (
        fit.Rows(pd.DataFrame({"spent|log": x}), np.ones(40), day % 2 * 1.0, day // 20, np.full(40, "a"))
        for x in (amount, np.nextafter(amount, 9))
    )
    np.testing.assert_allclose(fit.merged(other).features, fit.merged(rows).features)
    np.testing.assert_array_equal(fit.merged(other).successes, fit.merged(rows).successes)


def test_too_few_responses_are_refused_with_how_many_there_are():
    rows = messages(campaigns=2, each=40)
    with pytest.raises(NotEnoughData, match=rf"^{int(rows.successes.sum())} responses in the past; at least 30"):
        fit.train(rows, "later time within campaigns", set(), 0)


@pytest.mark.parametrize("failures", [0, 20])
def test_a_past_in_which_everybody_responded_is_refused(failures):
    rows = messages(campaigns=8, each=100, response=lambda frame: 50 + 0 * frame["noise|log"])
    rows.successes[:failures] = 0.0
    with pytest.raises(NotEnoughData, match=r"Nearly every past row is a response"):
        fit.train(rows, "later whole campaigns", SHRUNK, 0)


def test_a_past_in_which_nearly_everybody_responded_is_learned_from():
    rows = messages(campaigns=8, each=100, response=lambda frame: 50 + 0 * frame["noise|log"])
    rows.successes[:40] = 0.0
    model, _ = fit.train(rows, "later whole campaigns", SHRUNK, 0)
    assert 0.9 < model.predict(rows.features).mean() < 1


def test_a_short_past_is_fitted_without_being_judged():
    rows = messages(campaigns=1, each=800)
    model, judged = fit.train(rows, "later time within campaigns", set(), 0)
    assert judged.chosen == model.kind == "linear"
    assert judged.candidates.empty
    assert judged.held_out.empty
    assert model.predict(rows.features).mean() == pytest.approx(rows.successes.mean(), rel=0.1)


def test_rows_that_say_nothing_still_give_the_usual_rate():
    rows = messages(campaigns=8, each=500, response=lambda frame: -2 + 0 * frame["noise|log"])
    bare = fit.Rows(rows.features[["tier"]].assign(tier="gold"), rows.trials, rows.successes, rows.unit, rows.campaign)
    model, _ = fit.train(bare, "later whole campaigns", set(), 0)
    assert model.predict(bare.features)[0] == pytest.approx(rows.successes.mean(), rel=0.25)


def inclined(count, shift=0.0, slope=1.0, same=False, seed=0):
    """Responses to a known inclination, moved and tilted; a tier without effect."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({"said": np.full(count, -2.0) if same else random.normal(-2, 1, count)})
    frame["tier"] = random.choice(["gold", "silver"], count)
    bought = (random.random(count) < expit(shift + slope * frame["said"])).astype(float)
    return fit.Rows(frame, np.ones(count), bought, np.zeros(count), np.zeros(count))


def test_few_responses_leave_a_model_where_it_is_drawn_to_and_many_move_it():
    few = fit.around(inclined(60, slope=0.4), "said", {"said": 0.1}, 0.1)
    points = pd.DataFrame({"said": [-3.0, -1.0], "tier": "gold"})
    assert np.diff(few.log_odds(points))[0] == pytest.approx(2.0, abs=0.3)
    many = fit.around(inclined(200_000, shift=0.7, slope=0.4), "said", {"said": 0.1}, 0.1)
    np.testing.assert_allclose(many.log_odds(points), 0.7 + 0.4 * points["said"], atol=0.1)


def test_a_model_drawn_to_one_value_for_all_gives_the_usual_rate():
    rows = inclined(5_000, same=True)
    model = fit.around(rows, "said", {}, 0.1)
    assert model.predict(rows.features).mean() == pytest.approx(rows.successes.mean(), rel=1e-6)
    base, parts = model.contributions(rows.features.head(5))
    np.testing.assert_allclose(base + parts.sum(axis=1), model.log_odds(rows.features.head(5)), atol=1e-9)


def test_scores_are_those_of_a_worked_example():
    # Two of four clicked, forecast at 0.8, 0.4 (clicked) and 0.4, 0.2 (not): pairs in order 3.5 of 4; Brier
    # (0.04 + 0.36 + 0.16 + 0.04) / 4; log-loss -(ln 0.8 + ln 0.4 + ln 0.6 + ln 0.8) / 4.
    said = fit.scores(pd.Series([1.0] * 4), pd.Series([1.0, 1.0, 0.0, 0.0]), pd.Series([0.8, 0.4, 0.4, 0.2]))
    assert said["auc"] == pytest.approx(3.5 / 4)
    assert said["brier"] == pytest.approx(0.15)
    assert said["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.4) + np.log(0.6) + np.log(0.8)) / 4)
    assert said["predicted_over_actual"] == pytest.approx(1.8 / 2)


def test_a_stored_model_predicts_what_it_did(models, tmp_path):
    model, rows = models[0]["both"], models[1].features.head(50)
    files = manifest.response_files("click", model)
    assert sorted(files) == ["click.json", "click.trees.txt"]
    for name, content in (files | {"manifest.json": manifest.manifest(files)}).items():
        (tmp_path / name).write_bytes(content)
    again = manifest.response("click", manifest.read(tmp_path))
    np.testing.assert_array_equal(again.predict(rows), model.predict(rows))


@pytest.mark.parametrize("harm", ["changed", "missing", "no list", "broken list"])
def test_a_changed_or_missing_model_file_is_refused(models, tmp_path, harm):
    files = manifest.response_files("click", models[0]["linear"])
    for name, content in (files | {"manifest.json": manifest.manifest(files)}).items():
        (tmp_path / name).write_bytes(content)
    if harm == "changed":
        (tmp_path / "click.json").write_bytes(files["click.json"].replace(b"0", b"1", 1))
    elif harm == "missing":
        (tmp_path / "click.json").unlink()
    elif harm == "no list":
        (tmp_path / "manifest.json").unlink()
    else:
        (tmp_path / "manifest.json").write_text("{")
    said = (
        r"was changed after it was trained .* Train again"
        if harm == "changed"
        else r"are incomplete .* Train them again"
    )
    with pytest.raises(ModelFileProblem, match=said):
        manifest.read(tmp_path)
