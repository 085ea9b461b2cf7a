from engine import doctor


def test_every_setting_is_shown_with_who_said_so(open_app, demo_shop_dir, words):
    app = open_app(demo_shop_dir, "settings")
    assert not app.exception
    table = app.dataframe[0].value.set_index("key")
    assert table.loc["currency", "value"] == "USD"
    assert table.loc["currency", "source"] == "the shop's file"
    assert table.loc["protected", "source"] == "usual value"
    assert str(demo_shop_dir / "shop.toml") in words(app)


def test_what_nobody_confirmed_is_named(open_app, empty_shop, words):
    path = empty_shop / "shop.toml"
    path.write_text(path.read_text() + 'gross_margin = {default = 0.3}\nassumed = ["gross_margin"]\n')
    app = open_app(empty_shop, "settings")
    assert not app.exception
    assert app.dataframe[0].value.set_index("key").loc["gross_margin", "source"] == "assumed"
    assert "nobody confirmed it: gross_margin" in words(app)


def test_the_machine_is_checked_when_asked(open_app, demo_shop_dir, words, monkeypatch):
    found = [doctor.Check("disk", False, "1.0 GB free", "Free some space."), doctor.Check("Python", True, "3.11")]
    monkeypatch.setattr(doctor, "examine", lambda settings, now: found)
    app = open_app(demo_shop_dir, "settings")
    assert "1.0 GB free" not in words(app)
    app.button(key="settings.examine").click().run()
    assert not app.exception
    assert "1.0 GB free" in words(app)
    assert "Free some space." in words(app)
