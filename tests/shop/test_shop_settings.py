"""Settings are changed where people wrote them, and a wrong one is refused with what would be right."""

import errno
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import DataProblem, StoreProblem
from engine.shop import store
from engine.shop.shop_settings import CURRENCIES, QUESTIONS, ShopSettings, changed
from tests.tiny import shop_of

ROOT = Path(__file__).resolve().parents[2]

WRITTEN = """# Our shop. Ask Ana before changing money.
shop_id = "abc123"
currency = "USD"  # what we sell in
assumed = ["gross_margin", "send_cost"]
holdout = 0.2 # agreed in March

# what a message costs us
[send_cost]
# the mail tool's price list of 2026
email = 0.002  # per mail
sms = 0.05

[gross_margin]
default = 0.4
Tea = 0.6  # from the books

[house]  # of another program
colour = "green"
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "shop.toml").write_text(WRITTEN)
    return store.open_shop(tmp_path)


def text(shop):
    return (shop.path / "shop.toml").read_text()


def lines_changed(before, after):
    """Lines taken out and lines put in, in order."""
    before, after = before.splitlines(), after.splitlines()
    return [one for one in before if one not in after], [one for one in after if one not in before]


# --- what is written ---


def test_one_value_changes_one_line_and_every_comment_stays(shop):
    saved = store.save_settings(shop, {"send_cost.email": 0.003})
    assert saved.settings.send_cost == {"email": 0.003, "sms": 0.05}
    gone, new = lines_changed(WRITTEN, text(shop))
    assert gone == ['assumed = ["gross_margin", "send_cost"]', "email = 0.002  # per mail"]
    assert new == ['assumed = ["gross_margin"]', "email = 0.003  # per mail"]


def test_a_setting_that_was_not_there_is_put_above_the_tables(shop):
    saved = store.save_settings(shop, {"time_zone": "Europe/Berlin", "quiet_hours": [22, 7], "rates": {"EUR": 1.08}})
    assert (saved.settings.time_zone, saved.settings.quiet_hours) == ("Europe/Berlin", [22, 7])
    assert saved.settings.rates == {"EUR": 1.08}
    assert lines_changed(WRITTEN, text(shop))[0] == []
    assert text(shop).index("time_zone") < text(shop).index("[send_cost]")
    assert store.open_shop(shop.path).settings == saved.settings


def test_a_table_given_whole_replaces_the_table_and_keeps_the_comments_of_what_stays(shop):
    saved = store.save_settings(shop, {"gross_margin": {"default": 0.4, "Coffee": 0.7}})
    assert saved.settings.gross_margin == {"default": 0.4, "Coffee": 0.7}
    assert lines_changed(WRITTEN, text(shop))[0] == [
        'assumed = ["gross_margin", "send_cost"]',
        "Tea = 0.6  # from the books",
    ]


def test_nothing_takes_an_entry_or_a_setting_out_so_that_the_usual_counts(shop):
    saved = store.save_settings(shop, {"gross_margin.Tea": None, "holdout": None})
    assert saved.settings.gross_margin == {"default": 0.4}
    assert (saved.settings.holdout, saved.settings.source("holdout")) == (0.1, "usual")
    assert saved.settings.assumed == ["gross_margin", "send_cost"], "taking out confirms nothing"


def test_an_entry_of_a_setting_nobody_stated_keeps_the_usual_ones_beside_it(shop):
    assert store.save_settings(shop, {"window_days.email": 10}).settings.window_days == {
        "email": 10, "sms": 3, "push": 1, "ads": 7,
    }  # fmt: skip


@pytest.mark.parametrize(
    "toml",
    [
        'send_cost.email = 0.1 # a\nname = "x"\nsend_cost.sms = 0.2\n',
        "send_cost = {email = 0.1, sms = 0.2} # a\n",
        "[send_cost]\nemail = 0.1 # a\nsms = 0.2\n",
    ],
)
def test_a_table_is_changed_however_it_is_written(tmp_path, toml):
    (tmp_path / "shop.toml").write_text('shop_id = "x"\n' + toml)
    saved = store.save_settings(store.open_shop(tmp_path), {"send_cost": {"email": 0.3, "push": 0.0}, "holdout": 0.3})
    assert (saved.settings.send_cost, saved.settings.holdout) == ({"email": 0.3, "push": 0.0}, 0.3)
    assert "# a" in text(saved)


def test_lines_end_as_they_did(tmp_path):
    (tmp_path / "shop.toml").write_bytes(b'shop_id = "x"\r\nname = "Tea"  # ours\r\n')
    store.save_settings(store.open_shop(tmp_path), {"name": "茶"})
    assert (tmp_path / "shop.toml").read_bytes() == 'shop_id = "x"\r\nname = "茶"  # ours\r\n'.encode()


def test_what_is_saved_unchanged_changes_no_byte(shop):
    store.save_settings(shop, {"currency": "USD", "holdout": 0.2, "gross_margin.Tea": 0.6})
    assert text(shop) == WRITTEN


def test_the_version_of_the_shop_follows_so_that_forecasts_do(shop):
    before = shop.version
    assert store.save_settings(shop, {"gross_margin.default": 0.41}).version != before


# --- what is confirmed ---


def test_a_setting_confirmed_leaves_the_assumed_ones(shop):
    assert [shop.settings.source(name) for name in ("currency", "gross_margin", "time_zone")] == [
        "stated", "assumed", "usual",
    ]  # fmt: skip
    assert store.save_settings(shop, {"gross_margin.default": 0.4}).settings.assumed == ["send_cost"]
    assert store.save_settings(shop, {"send_cost": dict(shop.settings.send_cost)}).settings.assumed == []


def test_the_margin_of_one_category_does_not_confirm_the_usual_one(shop):
    assert "gross_margin" in store.save_settings(shop, {"gross_margin.Tea": 0.5}).settings.assumed


def test_what_stays_assumed_can_be_said(shop):
    changes = {"gross_margin.default": 0.5, "currency": "USD", "assumed": ["gross_margin"]}
    assert store.save_settings(shop, changes).settings.assumed == ["gross_margin"]


# --- what is refused ---

WRONG = [
    ({"currency": "usd"}, 'currency is "usd"; the three capital letters of a currency are needed, such as EUR.'),
    ({"currency": "UDS"}, 'currency is "UDS"; the three capital letters of a currency are needed, such as EUR.'),
    ({"time_zone": "Berlin"}, 'time_zone is "Berlin"; a time zone named by its place is needed'),
    ({"time_zone": "../etc/passwd"}, 'time_zone is "../etc/passwd"; a time zone named by its place'),
    ({"prices_include_tax": "maybe"}, 'prices_include_tax is "maybe"; true or false is needed.'),
    ({"gross_margin.default": 40}, "gross_margin.default is 40; a share from 0 to 1 is needed, 0.4 for 40 %."),
    ({"gross_margin.Skin Care": -0.1}, "gross_margin.Skin Care is -0.1; a share from 0 to 1 is needed, 0.4 for 40 %."),
    ({"gross_margin": 0.4}, "gross_margin is 0.4; a share from 0 to 1 is needed, 0.4 for 40 %."),
    ({"gross_margin": {"": 0.4}}, "gross_margin. is "),
    ({"gross_margin.default": float("nan")}, "gross_margin.default is nan; a share from 0 to 1 is needed"),
    ({"send_cost.sms": -0.01}, "send_cost.sms is -0.01; an amount of 0 or more for one message is needed"),
    ({"send_cost.sms": float("inf")}, "send_cost.sms is inf; an amount of 0 or more for one message is needed"),
    ({"send_cost": {"sms": None}}, "send_cost.sms is empty; an amount of 0 or more for one message is needed"),
    ({"offer_cost.points": -1}, "offer_cost.points is -1; an amount of 0 or more for one order is needed"),
    ({"point_value": -1}, "point_value is -1; an amount of 0 or more for one point is needed"),
    ({"points_redeemed": 80}, "points_redeemed is 80; a share from 0 to 1 is needed, 0.8 for 80 %."),
    ({"rates": {"eur": 1.1}}, 'rates.eur is "eur"; what one unit of another currency is worth'),
    ({"rates.EUR": 0}, "rates.EUR is 0; what one unit of another currency is worth in the shop's is needed"),
    ({"rates.EUR": "1,08"}, 'rates.EUR is "1,08"; what one unit of another currency is worth in the shop\'s is needed'),
    ({"rates.USD": 1.1}, "rates.USD is 1.1; USD is the shop's own currency, which always counts as 1: leave it out."),
    ({"window_days.email": 0}, "window_days.email is 0; a whole number of days is needed, 1 or more."),
    ({"window_days.email": 1.5}, "window_days.email is 1.5; a whole number of days is needed, 1 or more."),
    ({"frequency_cap": 0}, "frequency_cap is 0; a whole number of messages is needed, 1 or more."),
    ({"quiet_hours": [21]}, "quiet_hours is [21]; two whole hours from 0 to 23 are needed, from and until, such as"),
    ({"quiet_hours": [21, 24]}, "quiet_hours is [21, 24]; two whole hours from 0 to 23 are needed, from and until"),
    ({"quiet_hours": [21.5, -1]}, "quiet_hours is [21.5, -1]; two whole hours from 0 to 23 are needed, from and until"),
    ({"week_starts": "friday"}, 'week_starts is "friday"; monday or sunday is needed.'),
    ({"holdout": 1}, "holdout is 1; a share from 0 to less than 1 is needed, 0.1 for 10 %."),
    ({"global_holdout": 1}, "global_holdout is 1; a share from 0 to less than 1 is needed, 0.05 for 5 %."),
    ({"country": "Germany"}, 'country is "Germany"; the two capital letters of a country are needed, such as DE'),
    ({"return_rate": -0.1}, "return_rate is -0.1; a share from 0 to less than 1 is needed, 0.05 for 5 %."),
    ({"minimum_spend_for_roi": -5}, "minimum_spend_for_roi is -5; an amount of 0 or more is needed"),
    ({"name": ""}, 'name is ""; a name is needed.'),
    ({"sender_name": 7}, "sender_name is 7; a text is needed."),
    ({"sms_opt_out.fr": "STOP"}, 'sms_opt_out.fr is "fr"; texts for en and zh are needed, such as en = "Reply STOP'),
    ({"mail_tool": "pigeon"}, 'mail_tool is "pigeon"; plain, klaviyo, mailchimp, braze or hubspot is needed.'),
    ({"brand_voice.never": "cheap"}, 'brand_voice.never is "cheap"; lists of texts are needed, for do, dont, words,'),
    ({"brand_voice": {"dont": ["shout", 7]}}, "brand_voice.dont is 7; lists of texts are needed, for do, dont"),
    ({"brand_guide": ["warm"]}, 'brand_guide is ["warm"]; a text is needed.'),
    ({"legal_lines": "one"}, 'legal_lines is "one"; a list of texts is needed'),
    ({"lint.superlative": "perhaps"}, 'lint.superlative is "perhaps"; true or false is needed for each rule, such as'),
    ({"own_words.luxury": 7}, "own_words.luxury is 7; words with a reason each are needed, such as {luxury ="),
    ({"discount_cap": 30}, "discount_cap is 30; a share from 0 to 1 is needed, 0.3 for 30 %."),
    ({"margin_floor": -0.1}, "margin_floor is -0.1; a share from 0 to 1 is needed, 0.2 for 20 %."),
    ({"audience_tolerance": 10}, "audience_tolerance is 10; a share from 0 to 1 is needed, 0.1 for 10 %."),
    ({"never_contact": [7]}, 'never_contact is [7]; a list of customer numbers as texts is needed, such as ["c17"].'),
    ({"replies": "perhaps"}, 'replies is "perhaps"; true or false is needed'),
    ({"past_headlines": "perhaps"}, 'past_headlines is "perhaps"; true or false is needed'),
    ({"liked_examples": "perhaps"}, 'liked_examples is "perhaps"; true or false is needed'),
    ({"protected": "gender"}, 'protected is "gender"; a list of column names as texts is needed, such as ["gender"].'),
    ({"assumed": "send_cost"}, 'assumed is "send_cost"; a list of settings is needed, such as ["send_cost"].'),
    ({"retrun_rate": 0.1}, "retrun_rate is 0.1; there is no setting of this name, the nearest is return_rate."),
    ({"colour": "red"}, 'colour is "red"; there is no setting of this name.'),
    ({"holdout.email": 0.1}, "holdout.email is 0.1; there is no setting of this name, the nearest is holdout."),
    ({"shop_id": "mine"}, 'shop_id is "mine"; it names this shop in its approval history and cannot be changed.'),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "said"), WRONG)
def test_a_wrong_value_is_refused_with_what_was_given_and_what_is_right(shop, changes, said):
    with pytest.raises(DataProblem) as refused:
        store.save_settings(shop, {"sender_name": "Ana", **changes})
    assert len(refused.value.problems) == 1
    assert refused.value.problems[0].startswith(said)
    assert text(shop) == WRITTEN


def test_every_setting_can_be_wrong_and_says_what_is_right():
    wrong = {name for changes, _ in WRONG for name in (next(iter(changes)).partition(".")[0],)}
    assert set(ShopSettings.model_fields) <= wrong


def test_several_wrong_values_are_named_one_sentence_each(shop):
    with pytest.raises(DataProblem) as refused:
        store.save_settings(
            shop, {"holdout": 3, "gross_margin": {"default": 9, "Tea": 8}, "quiet_hours": ["a", "b"], "x": 1}
        )
    assert [one.split(" is ")[0] for one in refused.value.problems] == [
        "x", "gross_margin.default", "gross_margin.Tea", "quiet_hours", "holdout",
    ]  # fmt: skip


def test_a_long_value_is_cut_in_its_sentence():
    _, [mistake] = changed({"shop_id": "x"}, {"never_contact": list(range(5000))})
    assert len(mistake.given) == 60


def test_thousands_never_to_be_written_to_are_saved_at_once(shop):
    many = [f"c{number}" for number in range(5_000)]
    begun = time.perf_counter()
    assert store.save_settings(shop, {"never_contact": many}).settings.never_contact == many
    assert time.perf_counter() - begun < 20, "below a second on an idle machine; it took minutes"


@pytest.mark.parametrize("hours", [[], [0, 0], [21, 8], [1, 23]])
def test_quiet_hours_may_go_over_midnight_or_not_be_there(shop, hours):
    assert store.save_settings(shop, {"quiet_hours": hours}).settings.quiet_hours == hours


# --- rates ---


def test_a_rate_is_one_for_the_own_currency_and_unknown_where_nobody_stated_it(shop):
    settings = store.save_settings(shop, {"rates": {"EUR": 1.08, "JPY": 0.0067}}).settings
    assert [settings.rate(one) for one in ("USD", "EUR", "JPY", "GBP")] == [1.0, 1.08, 0.0067, None]


def test_rates_that_are_wrong_after_a_change_of_currency_are_refused(shop):
    before = store.save_settings(shop, {"rates": {"EUR": 1.08}})
    with pytest.raises(DataProblem, match=r"rates.EUR is 1.08; EUR is the shop's own currency"):
        store.save_settings(before, {"currency": "EUR"})
    assert store.save_settings(before, {"currency": "EUR", "rates": {"USD": 0.93}}).settings.rate("USD") == 0.93


def test_currencies_are_written_once():
    assert len(CURRENCIES) == len(set(CURRENCIES)) > 150
    assert {"USD", "EUR", "CNY", "JPY", "GBP", "TWD", "XOF"} <= set(CURRENCIES)


# --- others, and the disk ---


def test_what_somebody_else_saved_meanwhile_stays(shop):
    other = store.open_shop(shop.path)
    store.save_settings(other, {"send_cost.email": 0.009, "name": "Theirs"})
    saved = store.save_settings(shop, {"send_cost.sms": 0.07})
    assert (saved.settings.send_cost, saved.settings.name) == ({"email": 0.009, "sms": 0.07}, "Theirs")


def test_two_writers_at_once_lose_nothing(shop):
    code = (
        "import sys; from engine.shop import store; shop = store.open_shop(sys.argv[1])\n"
        "for n in range(20): store.save_settings(shop, {f'send_cost.{sys.argv[2]}{n}': n})"
    )
    writers = [subprocess.Popen([sys.executable, "-c", code, shop.path, name], cwd=ROOT) for name in ("a", "b")]
    assert [one.wait(60) for one in writers] == [0, 0]
    expected = {f"{name}{n}": n for name in "ab" for n in range(20)}
    assert store.open_shop(shop.path).settings.send_cost == {"email": 0.002, "sms": 0.05, **expected}


def test_a_full_disk_is_said_and_the_old_settings_stay(shop, monkeypatch):
    def full(path, content):
        with open(path, "wb") as file:
            file.write(content[:9])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(StoreProblem, match="The disk is full: free some space and try again; nothing was changed"):
            store.save_settings(shop, {"holdout": 0.3})
    assert text(shop) == WRITTEN
    assert sorted(path.name for path in shop.path.iterdir()) == [".lock", "shop.toml"]


def test_a_file_that_is_no_toml_is_refused_and_stays(shop):
    (shop.path / "shop.toml").write_text("name = ")
    with pytest.raises(DataProblem, match=r"shop.toml cannot be read"):
        store.save_settings(shop, {"holdout": 0.3})
    assert text(shop) == "name = "


def test_a_folder_with_tables_alone_can_be_given_settings(tmp_path):
    shop = shop_of(tmp_path / "shop", {})
    (shop.path / "shop.toml").unlink()
    opened = store.open_shop(shop.path)
    assert opened.settings.assumed == list(QUESTIONS)
    assert (
        store.save_settings(opened, {name: getattr(opened.settings, name) for name in QUESTIONS}).settings.assumed == []
    )
