"""Settings: five questions first, the rest below; nothing is written before Save, and what does not fit says why."""

import shutil
import time

import pytest

from engine import doctor, jobs
from engine import settings as environment
from engine.campaign import lint
from engine.campaign.writer import catalogue, facts
from engine.shop import store
from tests.campaign.fake_hub import FILE, REPOSITORY, FakeHub
from tests.campaign.fake_writer import FakeShop, brief

QUESTIONS = ["currency", "time_zone", "prices_include_tax", "gross_margin", "send_cost"]


@pytest.fixture
def quiet_shop(empty_shop):
    """A shop whose five questions are answered, with a comment of a person in its file."""
    path = empty_shop / "shop.toml"
    path.write_text(
        'shop_id = "x"\nname = "Empty"\ncurrency = "USD" # ours\ntime_zone = "UTC"\nprices_include_tax = false\n'
        "gross_margin = {default = 0.4}\nsend_cost = {email = 0.002, sms = 0.04, push = 0.0, social = 0.01}\n"
    )
    return empty_shop


@pytest.fixture
def shop_with_data(quiet_shop, demo_shop_dir):
    shutil.copytree(demo_shop_dir / "tables", quiet_shop / "tables")
    return quiet_shop


def settings(folder):
    return store.open_shop(folder).settings


def errors(app):
    return [one.value for one in app.error]


# --- the five questions ---


def test_a_new_shop_is_asked_five_questions_and_one_save_confirms_them(open_app, empty_shop, words):
    app = open_app(empty_shop, "settings")
    assert not app.exception
    assert "Answer the five questions, then bring in its files" in words(app)
    assert settings(empty_shop).assumed == QUESTIONS
    app.selectbox(key="settings.currency").set_value("EUR")
    app.selectbox(key="settings.time_zone").set_value("Europe/Berlin")
    app.number_input(key="settings.gross_margin.default").set_value(57.0)
    app.number_input(key="settings.send_cost.email").set_value(0.003)
    app.number_input(key="settings.send_cost.social").set_value(None).run()
    assert "Currency: USD → EUR" in words(app)
    assert settings(empty_shop).currency == "USD", "nothing is written before Save"
    app.button(key="settings.save_questions").click().run()
    assert not app.exception
    saved = settings(empty_shop)
    assert (saved.currency, saved.time_zone, saved.gross_margin) == ("EUR", "Europe/Berlin", {"default": 0.57})
    assert saved.send_cost == {"email": 0.003, "sms": 0.04, "push": 0.0}
    assert saved.assumed == []
    assert "Gross margin: 40 % → 57 %" in words(app)
    assert "Not saved yet" not in words(app)
    assert "Next, bring in the shop's files" in words(app)


def test_what_nobody_is_sure_of_stays_assumed(open_app, empty_shop, words):
    app = open_app(empty_shop, "settings")
    app.checkbox(key="settings.unsure.gross_margin").check().run()
    app.button(key="settings.save_questions").click().run()
    assert not app.exception
    assert settings(empty_shop).assumed == ["gross_margin"]
    assert settings(empty_shop).source("send_cost") == "stated"
    assert "Confirmed: Currency, Time zone, Prices include tax, Cost of one message" in words(app)


def test_another_currency_or_time_zone_for_data_already_here_asks_first(open_app, shop_with_data, words):
    app = open_app(shop_with_data, "settings")
    app.selectbox(key="settings.currency").set_value("EUR").run()
    assert "Amounts are not converted: 100 USD in your orders" in words(app)
    assert app.button(key="settings.save_questions").disabled
    app.selectbox(key="settings.time_zone").set_value("Asia/Shanghai").run()
    assert "Times already stored stay as they are: an order of 14:00" in words(app)
    before = store.open_shop(shop_with_data).version
    app.checkbox(key="settings.understood").check().run()
    app.button(key="settings.save_questions").click().run()
    assert (settings(shop_with_data).currency, settings(shop_with_data).time_zone) == ("EUR", "Asia/Shanghai")
    assert store.open_shop(shop_with_data).version != before, "forecasts and figures are made anew"
    assert "# ours" in (shop_with_data / "shop.toml").read_text()


# --- the rest ---


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_saved(open_app, quiet_shop):
    before = (quiet_shop / "shop.toml").read_bytes()
    app = open_app(quiet_shop, "settings")
    app.number_input(key="settings.gross_margin.default").set_value(140.0)
    app.number_input(key="settings.window_days.email").set_value(0)
    app.number_input(key="settings.holdout").set_value(100.0).run()
    said = "\n".join(errors(app))
    assert "140 % does not fit: a share from 0 to 1 is needed, 0.4 for 40 %." in said
    assert "0 does not fit: a whole number of days is needed, 1 or more." in said
    assert "100 % does not fit: a share from 0 to less than 1" in said
    assert app.button(key="settings.save_questions").disabled
    assert app.button(key="settings.save_topics").disabled
    assert (quiet_shop / "shop.toml").read_bytes() == before


def test_other_settings_are_changed_and_taken_back_and_put_to_the_usual(open_app, quiet_shop, words):
    app = open_app(quiet_shop, "settings")
    app.number_input(key="settings.holdout").set_value(20.0)
    app.selectbox(key="settings.quiet_hours.0").set_value(22)
    app.text_area(key="settings.never_contact").set_value(" c1 \n\nc2")
    app.text_input(key="settings.sender_name").set_value("Ana & Co").run()
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    saved = settings(quiet_shop)
    assert (saved.holdout, saved.quiet_hours, saved.never_contact) == (0.2, [22, 8], ["c1", "c2"])
    assert saved.sender_name == "Ana & Co"
    assert "Held out on purpose: 10 % → 20 %" in words(app)
    assert r"Quiet hours: 21\:00–8\:00 → 22\:00–8\:00" in words(app)
    app.button(key="settings.holdout.usual").click().run()
    assert app.number_input(key="settings.holdout").value == 10.0
    assert "Held out on purpose: 20 % → 10 %" in words(app)
    app.button(key="settings.back_topics").click().run()
    assert app.number_input(key="settings.holdout").value == 20.0
    assert "Not saved yet" not in words(app)


def test_the_brand_voice_the_sending_tool_and_the_opt_out_are_saved_and_named(open_app, quiet_shop, words):
    app = open_app(quiet_shop, "settings")
    app.text_area(key="settings.brand_voice.never").set_value("exclusive\n\n VIP ")
    app.selectbox(key="settings.mail_tool").set_value("klaviyo")
    app.text_input(key="settings.sms_opt_out.en").set_value("Text STOP to end").run()
    app.button(key="settings.save_topics").click().run()
    saved = settings(quiet_shop)
    assert saved.brand_voice == {"never": ["exclusive", "VIP"]}
    assert (saved.mail_tool, saved.sms_opt_out["en"]) == ("klaviyo", "Text STOP to end")
    assert "Brand voice: words we never use: – → exclusive, VIP" in words(app).replace("\\", "")
    assert "Sending tool: Another, or none → Klaviyo" in words(app).replace("\\", "")


def test_another_assumed_setting_is_confirmed_as_it_is(open_app, quiet_shop, words):
    path = quiet_shop / "shop.toml"
    path.write_text('assumed = ["holdout"] # ask Ana\n' + path.read_text())
    app = open_app(quiet_shop, "settings")
    app.button(key="settings.holdout.confirm").click().run()
    assert not app.exception
    assert (settings(quiet_shop).assumed, settings(quiet_shop).source("holdout")) == ([], "stated")
    assert "Confirmed: Held out on purpose" in words(app)


def edit(app, setting, added=(), edited=None, deleted=(), turn=0):
    """Rows typed into an editable table, as the browser tells of them."""
    key = f"settings.{setting}.{turn}"
    rows = {"added_rows": list(added), "edited_rows": edited or {}, "deleted_rows": list(deleted)}
    app.session_state[key] = rows
    return app.run()


def test_margins_and_rates_are_tables_that_wait_while_another_page_is_open(open_app, quiet_shop, words):
    app = open_app(quiet_shop, "settings")
    edit(app, "rates", [{"name": "EUR", "value": 1.08}])
    edit(app, "gross_margin", [{"name": "Tea", "value": 60}])
    assert not app.exception
    assert "Rates of other currencies" in words(app)
    app.number_input(key="settings.frequency_cap").set_value(2).run()
    app.switch_page("views/data.py").run()
    app.switch_page("views/settings.py").run()
    assert app.number_input(key="settings.frequency_cap").value == 2
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    saved = settings(quiet_shop)
    assert (saved.rates, saved.gross_margin, saved.frequency_cap) == ({"EUR": 1.08}, {"default": 0.4, "Tea": 0.6}, 2)


def test_what_somebody_else_saved_is_shown_where_nothing_was_typed(open_app, quiet_shop):
    app = open_app(quiet_shop, "settings")
    app.number_input(key="settings.holdout").set_value(20.0).run()
    store.save_settings(store.open_shop(quiet_shop), {"frequency_cap": 5, "holdout": 0.3})
    app.run()
    assert app.number_input(key="settings.frequency_cap").value == 5
    assert app.number_input(key="settings.holdout").value == 20.0
    app.button(key="settings.save_topics").click().run()
    assert (settings(quiet_shop).frequency_cap, settings(quiet_shop).holdout) == (5, 0.2)


def test_a_full_disk_is_a_sentence_and_what_was_typed_waits(open_app, quiet_shop, full_disk, words):
    app = open_app(quiet_shop, "settings")
    app.number_input(key="settings.holdout").set_value(20.0).run()
    full_disk()
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    assert any("The disk is full" in one for one in errors(app))
    assert settings(quiet_shop).holdout == 0.1
    assert app.number_input(key="settings.holdout").value == 20.0


def test_the_page_speaks_chinese(open_app, quiet_shop, words):
    app = open_app(quiet_shop, "settings", "zh")
    assert not app.exception
    app.number_input(key="settings.holdout").set_value(100.0).run()
    assert "不合适：需要 0（含）到 1（不含）之间的比例" in words(app)


# --- law and brand in copy ---


def refused(folder, text):
    """Ids of the rules that a text breaks in this shop as it is saved."""
    shop = store.open_shop(folder)
    about = facts.facts(FakeShop(), brief(channel="email"))
    return [finding.rule for finding in lint.says(text, about, lint.rules_of(shop))]


def test_a_rule_is_switched_off_and_on_and_copy_is_judged_by_it(open_app, quiet_shop, words):
    app = open_app(quiet_shop, "settings")
    assert "China Advertising Law article 9 (3)" in words(app)
    assert app.toggle(key="settings.lint.superlative").value is True
    assert app.toggle(key="settings.lint.ad_label").value is False
    assert refused(quiet_shop, "The best cream.") == ["superlative"]
    app.toggle(key="settings.lint.superlative").set_value(False).run()
    assert r"Rule\: Superlatives: on → off" in words(app)
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    assert refused(quiet_shop, "The best cream.") == []
    assert "# ours" in (quiet_shop / "shop.toml").read_text()
    app.toggle(key="settings.lint.superlative").set_value(True).run()
    app.button(key="settings.save_topics").click().run()
    assert refused(quiet_shop, "The best cream.") == ["superlative"]


def test_own_words_and_limits_are_saved_and_copy_with_such_a_word_is_refused(open_app, quiet_shop, words):
    app = open_app(quiet_shop, "settings")
    edit(app, "own_words", [{"name": "moist", "value": "nobody likes it"}, {"name": "尊享"}])
    app.number_input(key="settings.discount_cap").set_value(30.0).run()
    assert "Words this shop does not use" in words(app)
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    saved = settings(quiet_shop)
    assert (saved.own_words, saved.discount_cap) == ({"moist": "nobody likes it", "尊享": ""}, 0.3)
    assert refused(quiet_shop, "A moist cream.") == ["own_words"]
    app.number_input(key="settings.discount_cap").set_value(None).run()
    edit(app, "own_words")
    app.button(key="settings.save_topics").click().run()
    assert not app.exception
    assert (settings(quiet_shop).own_words, settings(quiet_shop).discount_cap) == ({}, None)
    assert refused(quiet_shop, "A moist cream.") == []


# --- the machine ---


def test_the_machine_is_checked_when_asked(open_app, quiet_shop, words, monkeypatch):
    found = [doctor.Check("disk", False, "1.0 GB free", "Free some space."), doctor.Check("Python", True, "3.11")]
    monkeypatch.setattr(doctor, "examine", lambda settings, now: found)
    app = open_app(quiet_shop, "settings")
    assert "1.0 GB free" not in words(app)
    app.button(key="settings.examine").click().run()
    assert not app.exception
    assert "1.0 GB free" in words(app)
    assert "Free some space." in words(app)


# --- language models ---


def test_a_model_of_the_hub_is_fetched_chosen_and_given_up_again(open_app, quiet_shop, words, monkeypatch):
    hub = FakeHub()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    app = open_app(quiet_shop, "settings")
    assert "The basic writer" in words(app) and "not on this machine" in words(app)
    app.text_input(key="settings.hub_file").set_value("no file")
    app.button(key="settings.hub_fetch").click().run()
    assert any("OWNER/REPO/FILE.gguf" in one for one in errors(app))
    app.text_input(key="settings.hub_file").set_value(f"{REPOSITORY}/{FILE}")
    app.button(key="settings.hub_fetch").click().run()
    until(lambda: jobs.latest(quiet_shop, "model").is_over)
    hub.close()
    app = open_app(quiet_shop, "settings")
    assert "small-instruct" in words(app) and "here and checked" in words(app)
    app.button(key="settings.use.small-instruct").click().run()
    assert not app.exception and catalogue.chosen(environment.read()) == "small-instruct"
    assert [one.key for one in app.button if one.key.startswith("settings.use.")] == []  # the default is not here


def test_a_hub_that_is_not_reached_says_why_on_the_page(open_app, quiet_shop, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    app = open_app(quiet_shop, "settings")
    app.text_input(key="settings.hub_file").set_value(f"{REPOSITORY}/{FILE}")
    app.button(key="settings.hub_fetch").click().run()
    until(lambda: jobs.latest(quiet_shop, "model").is_over)
    assert any("Is this machine online" in one for one in errors(open_app(quiet_shop, "settings")))


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)
