import shutil

from engine import jobs
from engine.campaign import response
from engine.shop import store


def test_the_card_says_what_was_tried_and_how_it_did_on_unseen_campaigns(open_app, trained_shop_dir, words):
    app = open_app(trained_shop_dir, "model")
    assert not app.exception
    card = response.load(store.open_shop(trained_shop_dir)).card
    app.segmented_control(key="model.target").set_value("order").run()
    assert not app.exception
    order = card["targets"]["order"]
    inside, of = order["ranges_that_held"]
    assert f"{inside} of {of} past ranges held" in words(app)
    assert list(app.dataframe[0].value["auc"].round(3)) == [round(one["auc"], 3) for one in order["candidates"]]
    assert "gender" in words(app)
    assert "held out on purpose" in words(app)


def test_every_target_has_its_page(open_app, trained_shop_dir):
    app = open_app(trained_shop_dir, "model")
    for target in app.segmented_control(key="model.target").options:
        assert target
    for target in ("click", "order", "unsubscribe", "ad_click", "ad_conversion"):
        app.segmented_control(key="model.target").set_value(target).run()
        assert not app.exception


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


def test_a_changed_model_file_is_a_sentence(open_app, trained_shop, words):
    version = response.current_version(store.open_shop(trained_shop))
    (trained_shop / "models" / version / "variation.json").write_text("{}")
    app = open_app(trained_shop, "model")
    assert not app.exception
    assert app.error and "variation.json" in words(app)


def test_a_missing_model_folder_is_a_sentence(open_app, trained_shop, words):
    shutil.rmtree(trained_shop / "models" / response.current_version(store.open_shop(trained_shop)))
    app = open_app(trained_shop, "model")
    assert not app.exception
    assert app.error
