"""Every capability is a command: JSON on stdout, progress on stderr, a sentence and exit code 2 when refused."""

import io
import json
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from engine import settings
from engine.__main__ import main
from engine.access import roles
from engine.decision import cells, ledger
from engine.shop import store
from tests import golden_commands
from tests.conftest import ROOT
from tests.tiny import CAMPAIGN_TABLES, GOLDEN, shop_of, tables, trained

PLANS = GOLDEN / "forecast" / "plans.csv"
ADS = GOLDEN / "score" / "ads.csv"


def run(*arguments, code=0, env=None):
    """What a command did, in this process."""
    ended = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False, env=env)
    assert ended.exit_code == code, ended.stderr
    return ended


def strict(text):
    """JSON as other programs read it: no NaN."""

    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


# --- golden files: the same input gives the same output ---


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    return golden_commands.run(tmp_path_factory.mktemp("golden"))


NAMES = [name for command in golden_commands.COMMANDS for name in (command.printed, command.written) if name]


def same_json(found, expected, where="the whole file"):
    """Equal, numbers to one part in a million."""
    if isinstance(expected, dict):
        assert found.keys() == expected.keys(), where
        for key in expected:
            same_json(found[key], expected[key], f"{where}.{key}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), where
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            same_json(one, other, f"{where}[{number}]")
    elif isinstance(expected, float):
        assert found == pytest.approx(expected, rel=1e-6, abs=1e-9), where
    else:
        assert found == expected, where


def same_table(found, expected):
    assert list(found) == list(expected)
    for column in expected:
        numbers = pd.to_numeric(expected[column], errors="coerce")
        where = numbers.notna()
        assert found.loc[~where, column].tolist() == expected.loc[~where, column].tolist(), column
        np.testing.assert_allclose(found.loc[where, column].astype(float), numbers[where], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", [*NAMES, "import/set_aside.csv"])
def test_the_output_is_that_of_the_golden_file(outputs, name):
    found, expected = outputs[name], (GOLDEN / name).read_bytes()
    if name.endswith(".json"):
        same_json(json.loads(found), json.loads(expected))
    else:
        as_text = {"dtype": "str", "keep_default_na": False}
        same_table(*(pd.read_csv(io.BytesIO(content), **as_text) for content in (found, expected)))


def test_ids_of_the_output_are_those_of_the_input(outputs):
    scored = pd.read_csv(io.BytesIO(outputs["score/scored.csv"]), dtype="str", keep_default_na=False)
    assert scored["customer_id"].tolist() == ["c001", "NA", "c002", "c003", "nobody", "null"]
    forecast = pd.read_csv(io.BytesIO(outputs["forecast/forecast.csv"]), dtype="str", keep_default_na=False)
    assert forecast["plan_id"].tolist() == ["autumn", "0012", "too-much", "texts", "hurdle"]


# --- how a command answers ---


@pytest.fixture
def shop(tmp_path):
    return trained(tmp_path / "shop").path


def test_json_stands_on_stdout_and_progress_on_stderr(tmp_path):
    folder = shop_of(tmp_path / "shop", tables(*CAMPAIGN_TABLES)).path
    ended = run("train", "--shop", folder)
    assert strict(ended.stdout)["basis"] == "incremental"
    told = [strict(line) for line in ended.stderr.splitlines()]
    assert all(set(line) == {"progress", "message"} for line in told)
    assert told[-1]["progress"] == 1.0


def test_the_program_itself_ends_with_two_and_a_sentence(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "engine", "quality-of-life"], cwd=ROOT, capture_output=True, text=True
    )  # fmt: skip
    assert ended.returncode == 2
    out = tmp_path / "out.csv"
    ended = subprocess.run(
        [sys.executable, "-m", "engine", "segments", "--shop", str(tmp_path / "gone"), "--out", str(out)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("There is no shop in ")
    assert "Traceback" not in ended.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("segments", "--k", "few"), "--k is 'few'; a whole number or auto is needed."),
        (("segments", "--k", "40"), "60 customers can be cut into 2 to 6 groups; asked for: 40."),
        (("segments", "--as-of", "soon"), "--as-of is 'soon'; a date such as 2026-03-31 is needed."),
        (("segments", "--as-of", "2020-01-01"), "Groups need at least 50 customers with an order; this shop has 0."),
        (("audience", "--rule", "ordrs > 1"), 'Position 1: there is no field "ordrs". Did you mean orders'),
        (("audience", "--rule", "orders > 1", "--exclude", "orders"), "--exclude: The rule ends too early, after"),
        (("audience", "--rule", "gender = f"), 'Position 1: customers may not be chosen by "gender"'),
        (("audience", "--rule", "orders > 1", "--as-of", "soon"), "--as-of is 'soon'; a date such as"),
        (("features", "--as-of", "soon"), "--as-of is 'soon'; a date such as 2026-03-31 is needed."),
        (("features", "--as-of", "2019-01-01"), "Nobody was a customer before 2019-01-01. Choose a later day."),
        (("score",), "Say either --deliveries FILE or --ads FILE."),
        (("score", "--deliveries", "a.csv", "--ads", "b.csv"), "Say either --deliveries FILE or --ads FILE."),
        (("score", "--deliveries", "gone.csv"), "gone.csv: no such file."),
        (("score", "--ads", PLANS), "plans.csv: column ad_id is missing."),
        (("score", "--deliveries", PLANS), "plans.csv: column campaign_id, customer_id is missing."),
        (("forecast", "--plans", "gone.csv"), "gone.csv: no such file."),
        (("forecast", "--plans", PLANS), "This shop has no groups yet."),
        (("explain", "--plans", PLANS), "This shop has no groups yet."),
        (("explain", "--plans", "gone.csv"), "gone.csv: no such file."),
        (("explain",), "Say either --plans FILE or --ads FILE."),
        (("explain", "--plans", PLANS, "--ads", PLANS), "Say either --plans FILE or --ads FILE."),
        (("explain", "--plans", PLANS, "--target", "ad_click"), "--target ad_click is of ads: say --ads FILE."),
        (("explain", "--ads", ADS, "--target", "order"), "--target order is of plans: say --plans FILE."),
        (("explain", "--ads", ADS, "--customer", "c001"), "Rows of ads have no customers"),
        (
            ("explain", "--plans", PLANS, "--customer", "c001", "--against", "everyone"),
            "Say either --customer ID or --against everyone.",
        ),
    ],
)
def test_a_refused_command_says_why_and_leaves_no_output(shop, tmp_path, arguments, said):
    out = tmp_path / "out" / "answer.csv"
    out.parent.mkdir()
    ended = run(*arguments, "--shop", shop, "--out", out, code=2)
    assert ended.stderr.splitlines()[-1].startswith(said)
    assert ended.stdout == ""
    assert not list(out.parent.iterdir())


EXPLAINED = GOLDEN / "explain" / "plans.csv"


def explained(shop, tmp_path, *arguments, ids="plan_id"):
    """Sum of the contributions by plan, as a chance; and the table."""
    run("explain", "--shop", shop, "--out", tmp_path / "out.csv", *arguments)
    table = pd.read_csv(tmp_path / "out.csv", dtype={ids: str}, keep_default_na=False)
    assert list(table.columns)[-4:] == ["feature", "value", "contribution", "sentence"]
    return 1 / (1 + np.exp(-table.groupby(ids)["contribution"].sum())), table


def with_groups(shop):
    run("segments", "--shop", shop, "--k", "3", "--out", shop.parent / "groups.csv")
    return shop


def test_one_customer_of_a_plan_is_explained_and_sums_to_their_score(shop, tmp_path):
    plans = tmp_path / "plans.csv"
    plans.write_text("plan_id,channel,rule,offer_kind,discount,starts_at\np,email,sent >= 0,percent,0.2,2025-12-01\n")
    chance, table = explained(shop, tmp_path, "--plans", plans, "--customer", "c001", "--target", "click")
    assert table["feature"].iloc[0] == "base" and "spread of customers" not in set(table["feature"])
    assert 0 < chance["p"] < 1
    ended = run("explain", "--shop", shop, "--out", tmp_path / "no.csv", "--plans", plans, "--customer", "c999", code=2)
    assert ended.stderr.strip().startswith("Customer c999 is not among the ")


def test_a_group_against_everyone_ends_where_the_groups_own_explanation_ends(shop, tmp_path):
    arguments = ("--plans", EXPLAINED, "--target", "click")
    against, table = explained(with_groups(shop), tmp_path, *arguments, "--against", "everyone")
    own, _ = explained(shop, tmp_path, *arguments)
    assert against.to_dict() == pytest.approx(own.to_dict(), abs=1e-6)
    assert table["sentence"].iloc[0].startswith("All customers this message could reach: ")


def test_each_row_of_an_ads_file_is_explained_and_sums_to_its_score(tmp_path):
    shop = trained(tmp_path / "whole").path
    chance, _ = explained(shop, tmp_path, "--ads", ADS, "--target", "ad_conversion", ids="row")
    run("score", "--shop", shop, "--ads", ADS, "--out", tmp_path / "scored.csv")
    scored = pd.read_csv(tmp_path / "scored.csv")["p_conversion"]
    assert chance[["2", "3", "4"]].tolist() == pytest.approx(scored.tolist(), abs=1e-6)


@pytest.mark.parametrize("command", ["forecast", "explain"])
def test_a_file_without_plans_is_refused(shop, tmp_path, command):
    (tmp_path / "plans.csv").write_text("plan_id,channel\n")
    ended = run(command, "--plans", tmp_path / "plans.csv", "--shop", shop, "--out", tmp_path / "out.csv", code=2)
    assert ended.stderr.strip() == "plans.csv: there is no plan in it."


@pytest.mark.parametrize("command", ["forecast", "score", "explain"])
def test_before_the_first_training_a_command_says_what_to_run(tmp_path, command):
    shop = shop_of(tmp_path / "shop", tables("customers", "campaigns", "deliveries")).path
    file = ("--deliveries", GOLDEN / "score" / "deliveries.csv") if command == "score" else ("--plans", PLANS)
    ended = run(command, *file, "--shop", shop, "--out", tmp_path / "out.csv", code=2)
    assert "Run: python -m engine train" in ended.stderr


def test_a_first_campaign_has_break_even_and_money_from_rates_that_are_typed(tmp_path):
    shop = shop_of(tmp_path / "shop", tables("customers", "products", "orders")).path
    plans, out = tmp_path / "plans.csv", tmp_path / "out.csv"
    plans.write_text(
        "plan_id,channel,offer_kind,discount,starts_at,rule,assumed_order_rate,assumed_extra_rate\n"
        "bare,email,percent,0.1,2025-12-01,orders >= 1,,\n"
        "typed,email,percent,0.1,2025-12-01,orders >= 1,0.3,\n"
        "extra,email,percent,0.1,2025-12-01,orders >= 1,,0.2\n"
    )
    run("forecast", "--plans", plans, "--shop", shop, "--out", out)
    table = pd.read_csv(out, keep_default_na=False, na_values=[""]).set_index("plan_id")
    assert table["basis"].tolist()[1:] == ["assumption", "assumption"]
    assert table["supported"].tolist() == [0, 1, 1]
    assert (table["would_buy_anyway_low"] < table["would_buy_anyway"]).all()
    bare = table.loc["bare"]
    assert bare[["extra_profit", "roi", "revenue", "discount_cost", "order_rate"]].isna().all()
    assert "It pays from" in bare["reason"]
    assert table.loc["typed", "order_rate"] == pytest.approx(0.3)
    extra = table.loc["extra", "extra_orders"]
    assert extra == pytest.approx(0.2 * table.loc["extra", "reachable"])


def test_a_plan_of_a_first_campaign_is_submitted_without_money(tmp_path, plan):
    shop = shop_of(tmp_path / "shop", tables("customers", "products", "orders")).path
    assert strict(run("submit", plan(), "--shop", shop).stdout)["action"] == "submitted"


def test_a_shop_of_orders_alone_has_groups_and_is_told_what_forecasts_need(tmp_path):
    shop = shop_of(tmp_path / "shop", tables("orders")).path
    summary = strict(run("segments", "--shop", shop, "--out", tmp_path / "groups.csv").stdout)
    assert summary["customers"] == 60
    assert set(summary["names"]) == set(summary["sizes"])
    ended = run("train", "--shop", shop, code=2)
    assert "Forecasts need past campaigns and who got them, and this shop has none yet." in ended.stderr


def test_the_shop_may_be_named_by_the_environment(shop, tmp_path):
    out = tmp_path / "out.csv"
    score = ("score", "--deliveries", GOLDEN / "score" / "deliveries.csv", "--out", out)
    assert "Which shop? Say --shop DIR or set OFFERLAB_SHOP." in run(*score, code=2).stderr
    run(*score, env={"OFFERLAB_SHOP": str(shop)})
    assert out.exists()


def test_an_import_adds_to_a_shop_and_reports_every_row(tmp_path):
    into = tmp_path / "shop"
    run("import", GOLDEN / "shop", "--into", into)
    report = strict(run("import", GOLDEN / "import" / "orders.csv", "--into", into).stdout)["tables"]["orders"]
    assert report["rows_in"] == report["kept"] + report["set_aside"] == 8
    again = strict(run("import", GOLDEN / "import" / "orders.csv", "--into", into).stdout)
    assert again == {"tables": {}, "unchanged_files": ["orders.csv"]}


def test_an_ambiguous_import_is_refused_with_the_choices(tmp_path):
    (tmp_path / "export.csv").write_text("customer_id,note\nc1,hello\n")
    ended = run("import", tmp_path / "export.csv", "--into", tmp_path / "shop", code=2)
    assert "could be any of customers, products, orders" in ended.stderr
    assert not (tmp_path / "shop").exists()


def test_the_audience_of_a_rule_is_a_file_of_customers_and_counts_by_channel(shop, tmp_path):
    out = tmp_path / "out.csv"
    rule = ("audience", "--shop", shop, "--out", out, "--rule")
    told = strict(run(*rule, "ORDERS>=3 AND NOT tier=gold", "--exclude", "email_consent = no").stdout)
    assert (told["rule"], told["customers"]) == ("orders >= 3 and not tier = gold", 60)
    found = pd.read_csv(out, dtype="str", keep_default_na=False)["customer_id"]
    assert len(found) == told["selected"] > 5
    for channel in told["channels"].values():
        assert channel["reachable"] + sum(channel["left_out"].values()) == told["selected"]
    assert told["channels"]["email"]["reachable"] <= told["selected"]
    assert strict(run(*rule, "orders >= 1", "--as-of", "2024-01-01").stdout)["selected"] == 0
    assert out.read_text() == "customer_id\n"


def test_the_features_of_every_customer_come_with_a_dictionary(shop, tmp_path):
    out, words = tmp_path / "out.csv", tmp_path / "words.csv"
    told = strict(run("features", "--shop", shop, "--out", out, "--dictionary", words, "--language", "zh").stdout)
    table = pd.read_csv(out, dtype={"customer_id": "str"}, keep_default_na=False, na_values=[""])
    assert len(table) == told["customers"] == 60
    assert {"NA", "null"} < set(table["customer_id"])
    listed = pd.read_csv(words).set_index("feature")
    assert listed.index.tolist() == list(told["features"]) == list(table)[1:]
    assert listed.loc["aov", "formula"] == "累计消费 ÷ 累计订单数"
    assert listed.loc["aov", "mean"] == pytest.approx(table["aov"].mean())


def test_a_row_of_a_plans_file_may_name_its_customers_by_a_rule(shop, tmp_path):
    plans, out = tmp_path / "plans.csv", tmp_path / "out.csv"
    plans.write_text("plan_id,channel,offer_kind,discount,starts_at,rule\np,email,percent,0.1,2025-12-01,orders >= 3\n")
    run("forecast", "--plans", plans, "--shop", shop, "--out", out)
    forecast = pd.read_csv(out).iloc[0]
    told = strict(run("audience", "--rule", "orders >= 3", "--shop", shop, "--out", tmp_path / "who.csv").stdout)
    assert forecast["audience_size"] == told["selected"]


# --- settings ---


def test_settings_are_printed_with_who_said_so_and_set_through_the_same_checks(tmp_path):
    (tmp_path / "shop.toml").write_text('shop_id = "x"\nholdout = 0.2 # agreed\nassumed = ["send_cost"]\n')
    before = strict(run("settings", "--shop", tmp_path).stdout)
    assert before["holdout"] == {"value": 0.2, "source": "stated"}
    assert (before["send_cost"]["source"], before["currency"]["source"]) == ("assumed", "usual")
    given = (
        "send_cost.email=0.003",
        "currency=EUR",
        "quiet_hours=[22, 7]",
        "gross_margin.Skin Care = 0.5",
        'name="茶"',
    )
    after = strict(run("settings", "--shop", tmp_path, *(part for one in given for part in ("--set", one))).stdout)
    assert after["send_cost"] == {
        "value": {"email": 0.003, "sms": 0.04, "push": 0.0, "social": 0.01}, "source": "stated",
    }  # fmt: skip
    assert [after[name]["value"] for name in ("currency", "quiet_hours", "name")] == ["EUR", [22, 7], "茶"]
    assert after["gross_margin"]["value"] == {"default": 0.4, "Skin Care": 0.5}
    assert "holdout = 0.2 # agreed" in (tmp_path / "shop.toml").read_text()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("holdout=2", "holdout is 2; a share from 0 to less than 1 is needed"),
        ("holdout=many", 'holdout is "many"; a share from 0 to less than 1'),
        ("retrun_rate=0.1", "the nearest is return_rate"),
        ("holdout", "'holdout' sets nothing; write it as in send_cost.email=0.003"),
        ('holdout=0.2\ncurrency="EUR"', "holdout is "),
    ],
)
def test_a_setting_that_does_not_fit_is_refused_and_nothing_is_written(tmp_path, given, said):
    (tmp_path / "shop.toml").write_text('shop_id = "x"\n')
    assert said in run("settings", "--shop", tmp_path, "--set", "name=Tea", "--set", given, code=2).stderr
    assert (tmp_path / "shop.toml").read_text() == 'shop_id = "x"\n'


# --- submit, approve, export ---


@pytest.fixture
def plan(tmp_path):
    """A plan of this account's, for ten customers; the file can be handed in."""

    def write(**changed):
        content = {
            "plan_id": "tea", "name": "Tea, 茶", "objective": "launch", "owner": roles.os_user(),
            "audience": {"customer_ids": [f"c{n:03d}" for n in range(10, 20)]},
            "steps": [{"channel": "email", "copy": {"subject": "{discount} today", "body": "Until {ends_at}."}}],
            "offer": {"kind": "percent", "discount": 0.2}, "send_hour": 10, "holdout": 0.2,
            "starts_at": "2025-12-01", "ends_at": "2025-12-08",
        }  # fmt: skip
        (tmp_path / "plan.json").write_text(json.dumps(content | changed), encoding="utf-8")
        return tmp_path / "plan.json"

    return write


@pytest.fixture
def mail(tmp_path):
    """The answer of somebody without Offerlab: the author of a plan records an approval with what shows it only."""
    (tmp_path / "answer.eml").write_bytes(b"From: ben@example.com\nSubject: Re: tea\n\nAPPROVED")
    return tmp_path / "answer.eml"


def test_a_plan_goes_from_submission_over_approval_to_export(shop, plan, mail, tmp_path):
    submitted = strict(run("submit", plan(), "--shop", shop).stdout)
    assert (submitted["plan_id"], submitted["action"]) == ("tea", "submitted")
    assert (
        "a pack is a PDF or a PNG" in run("pack", "tea", "--out", tmp_path / "tea.doc", "--shop", shop, code=2).stderr
    )
    refused = run("export", "--shop", shop, "--out", tmp_path / "plans.csv", code=2)
    assert refused.stderr.strip()
    assert not (tmp_path / "plans.csv").exists()
    sent = strict(run("pack", "tea", "--out", tmp_path / "tea.pdf", "--language", "zh", "--shop", shop).stdout)
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", sent["code"])
    assert (tmp_path / "tea.pdf").read_bytes().startswith(b"%PDF-")
    said = ("approve", "tea", "--by", "ben", "--reason", "fits 春季", "--shop", shop)
    assert "attach what shows the approval" in run(*said, code=2).stderr
    assert "gone.eml cannot be read" in run(*said, "--evidence", tmp_path / "gone.eml", code=2).stderr
    approved = strict(run(*said, "--evidence", mail).stdout)
    assert (approved["evidence"]["kind"], approved["recorded_by_author"]) == ("eml", True)
    assert (approved["action"], approved["by"], approved["reason"]) == ("approved", "ben", "fits 春季")
    told = strict(run("export", "--pages", "--shop", shop, "--out", tmp_path / "plans.csv").stdout)
    assert told["plans"] == ["tea"]
    assert told["pages"] == [str(tmp_path / "plans-tea-1-en.html")]
    assert "<title>20% off today</title>" in (tmp_path / "plans-tea-1-en.html").read_text("utf-8")
    row = cells.read_back((tmp_path / "plans.csv").read_bytes()).iloc[0]
    assert (row["name"], row["approved_by"], row["reason"], row["subject"]) == (
        "Tea, 茶",
        "ben",
        "fits 春季",
        "20% off today",
    )
    told_by = strict(
        run("history", "--text", "春季", "--person", "BEN", "--out", tmp_path / "h.csv", "--shop", shop).stdout
    )
    assert told_by["entries"] == 1
    entry = cells.read_back((tmp_path / "h.csv").read_bytes()).iloc[0]
    assert (entry["action"], entry["evidence_sha256"], entry["ledger_head"]) == (
        "approved",
        approved["evidence"]["sha256"],
        told_by["ledger_head"],
    )
    people = cells.read_back(Path(told["audience_file"]).read_bytes())
    assert set(people["customer_id"]) <= {f"c{n:03d}" for n in range(10, 20)}
    assert strict(run("ledger", "verify", "--printed", tmp_path / "plans.csv", "--shop", shop).stdout)["ok"]
    # The first decision made the hour's backup.
    assert [one["entries"] for one in strict(run("ledger", "backups", "--shop", shop).stdout)["backups"]] == [1]


@pytest.fixture
def decided(tmp_path):
    """A shop in which one thing was decided, and its note outside."""
    shop = store.create_shop(tmp_path / "shop", {"name": "Rose"})
    ledger.append(
        shop.path, shop.shop_id, plan_id="tea", action="results_in", actor="ana", recorded_by="ana", payload={},
        now=datetime(2026, 6, 1, 12), config=settings.read().config,
    )  # fmt: skip
    return shop.path


def test_a_shop_is_backed_up_and_restored_by_commands(decided, tmp_path):
    disk = tmp_path / "disk"
    made = strict(run("ledger", "backup", "--into", disk, "--shop", decided).stdout)["backup"]
    assert made["entries"] == 1
    assert strict(run("ledger", "backup", "--if-due", "--into", disk, "--shop", decided).stdout) == {"backup": None}
    listed = strict(run("ledger", "backups", "--shop", decided, env={"OFFERLAB_BACKUPS": str(disk)}).stdout)
    assert listed["backups"] == [made]
    (decided / "ledger.db").write_bytes(b"no database at all" * 300)
    assert "damaged" in run("ledger", "verify", "--shop", decided, code=2).stderr
    restored = strict(run("ledger", "restore", made["file"], "--shop", decided).stdout)
    assert (restored["entries"], restored["lost"], restored["told_as"]) == (1, 0, 2)
    assert Path(restored["set_aside"], "ledger.db").exists()
    told = strict(run("ledger", "verify", "--shop", decided).stdout)
    assert (told["ok"], told["entries"], told["head"]["entries"]) == (True, 2, 2)
    assert "tells of a restore" in told["sentence"]


def test_an_older_export_is_proved_by_a_command(decided, tmp_path):
    head = strict(run("ledger", "verify", "--shop", decided).stdout)["head"]["hash"]
    (tmp_path / "old.csv").write_text(f"name,ledger_entries,ledger_head\nTea,1,{head}\n")
    found = strict(run("ledger", "verify", "--printed", tmp_path / "old.csv", "--shop", decided).stdout)
    assert found["printed"][str(tmp_path / "old.csv")]["entries"] == [1]
    assert strict(run("ledger", "verify", "--entries", 1, "--head", head, "--shop", decided).stdout)["ok"]
    ended = run("ledger", "verify", "--entries", 1, "--head", "0" * 64, "--shop", decided, code=2)
    assert "written anew" in ended.stderr
    (tmp_path / "old.csv").write_text(f"ledger_entries,ledger_head\n3,{head}\n")
    ended = run("ledger", "verify", "--printed", tmp_path / "old.csv", "--shop", decided, code=2)
    assert "entry 3 is known: entries were cut off" in ended.stderr
    assert "together" in run("ledger", "verify", "--entries", 1, "--shop", decided, code=2).stderr
    assert (
        "is no ledger_head" in run("ledger", "verify", "--entries", 1, "--head", "zz", "--shop", decided, code=2).stderr
    )


def test_the_owner_of_a_plan_may_not_approve_it(shop, plan, mail):
    run("submit", plan(), "--shop", shop)
    ended = run("approve", "tea", "--reason", "I like it", "--shop", shop, code=2)
    assert ended.stdout == ""
    assert roles.os_user() in ended.stderr
    eyes = ("approve", "tea", "--reason", "second pair of eyes", "--evidence", mail, "--shop", shop)
    assert "the name is empty" in run(*eyes, "--by", "", code=2).stderr
    assert "note" not in strict(run(*eyes, "--by", "ben").stdout)
    told = strict(run(*eyes, "--by", "cy").stdout)
    assert told["by"] == "ben" and told["note"].startswith("ben approved this plan already")


def test_a_rejected_plan_is_not_exported(shop, plan, tmp_path):
    run("submit", plan(), "--shop", shop)
    assert (
        strict(run("reject", "tea", "--by", "ben", "--reason", "too dear", "--shop", shop).stdout)["action"]
        == "rejected"
    )
    run("export", "--shop", shop, "--out", tmp_path / "plans.csv", code=2)
    assert not (tmp_path / "plans.csv").exists()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"offer": {"kind": "percent", "discount": 20}},
            "plan.json: offer: a percent offer needs a discount between 0 and 1",
        ),
        ({"audience": {}}, "This plan has no audience yet: choose one or more groups, or write a rule."),
        ({"audience": {"segment_ids": ["s1"]}}, "This shop has no groups yet."),
        ({"colour": "red"}, "plan.json: colour: "),
    ],
)
def test_a_plan_that_cannot_be_handed_in_is_refused(shop, plan, changed, said):
    ended = run("submit", plan(**changed), "--shop", shop, code=2)
    assert ended.stderr.startswith(said)
    assert "plan.json: no such" not in ended.stderr


def test_a_plan_whose_copy_the_check_refuses_is_not_handed_in(shop, plan):
    wrong = {"subject": "The best tea, 30% off", "body": "Until {ends_at}."}
    ended = run("submit", plan(steps=[{"channel": "email", "copy": wrong}]), "--shop", shop, code=2)
    head, *reasons = ended.stderr.splitlines()
    assert head.startswith("Plan tea is not submitted")
    assert any(line.startswith("Subject “30%”: ") for line in reasons)
    assert any(line.startswith("Subject “best”: ") and "rule: " in line for line in reasons)
    opened = store.open_shop(shop)
    assert ledger.entries(opened.path, opened.shop_id, settings.read().config, "tea") == []


def test_money_of_what_was_never_tried_is_handed_in_for_a_reason_only(shop, plan):
    file = plan(offer={"kind": "percent", "discount": 0.6})
    assert "the reason is empty" in run("submit", file, "--shop", shop, "--override", " ", code=2).stderr
    run("submit", file, "--shop", shop, "--override", "the owner wants to see it")
    opened = store.open_shop(shop)
    [entry] = ledger.entries(opened.path, opened.shop_id, settings.read().config, "tea")
    handed_in = entry.payload["forecast"]
    assert (handed_in["supported"], handed_in["verdict"]) == (0, "never tried here")
    assert handed_in["extra_profit_low"] <= handed_in["extra_profit"] <= handed_in["extra_profit_high"]
    assert handed_in["override"]["reason"] == "the owner wants to see it"
    assert handed_in["override"]["why"].startswith("60 % off was never tried by email")


def test_what_was_tried_has_nothing_to_override(shop, plan):
    assert "there is nothing to override" in run("submit", plan(), "--shop", shop, "--override", "so", code=2).stderr


def test_a_plan_file_that_is_not_there_is_named(shop, tmp_path):
    assert "gone.json cannot be read" in run("submit", tmp_path / "gone.json", "--shop", shop, code=2).stderr


def test_the_doctor_lists_what_it_found_with_what_to_do(shop):
    checks = strict(run("doctor", "--json", env={"OFFERLAB_SHOP": str(shop)}).stdout)
    assert {"name", "ok", "found", "advice"} <= set(checks[0])
    assert all(check["ok"] or check["advice"] for check in checks)
    lines = run("doctor").stdout.splitlines()
    assert all(line.startswith(("ok  ", "LOOK", "      ")) for line in lines)


def test_a_shop_folder_can_be_moved(shop, tmp_path):
    out, moved = tmp_path / "out.csv", tmp_path / "elsewhere"
    args = ("--deliveries", GOLDEN / "score" / "deliveries.csv", "--out", out)
    run("score", "--shop", shop, *args)
    before = out.read_bytes()
    shutil.move(shop, moved)
    run("score", "--shop", moved, *args)
    assert out.read_bytes() == before
