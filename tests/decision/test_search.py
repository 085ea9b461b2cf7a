"""Finding entries of a long history."""

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.decision import cells, ledger, search
from engine.decision.search import Query
from engine.errors import StoreProblem
from tests.tiny import shop_of

DAY = datetime(2026, 6, 1, 9, tzinfo=UTC)
WRITTEN = [  # plan, action, actor, recorded by, day, reason
    ("june", "submitted", "Ana", "ana", 0, ""),
    ("june", "commented", "Ben", "root", 1, "fits the Range, 价格合适"),
    ("tea", "submitted", "Ana", "ana", 2, ""),
    ("tea", "results_in", " BEN ", "root", 3, "too dear"),
    ("june", "exported", "Cy", "cy", 4, ""),
]


@pytest.fixture
def shop(tmp_path):
    return shop_of(tmp_path / "shop", {}, {"time_zone": "Asia/Shanghai"})


@pytest.fixture
def config(tmp_path):
    return tmp_path / "config"


def write(shop, config, rows, since=DAY):
    with ledger.writing(shop.path, shop.shop_id, config) as writer:
        for plan_id, action, actor, by, day, reason in rows:
            payload = {"reason": reason, "content_sha256": "c" * 64}
            if action == "submitted":
                payload["plan"] = {"name": {"june": "Summer Sale", "tea": "春茶"}[plan_id]}
            writer.append(plan_id, action, actor, by, payload, since + timedelta(days=day))


def numbers(shop, config, **asked):
    found = search.find(search.register(shop, config), Query(**asked), search.words(shop, config))
    return found["seq"].tolist()


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, [5, 4, 3, 2, 1]),
        ({"text": "range FITS"}, [2]),
        ({"text": "合适"}, [2]),
        ({"text": "summer"}, [5, 2, 1]),  # every entry of a plan by its name
        ({"text": "春茶 dear"}, [4]),
        ({"text": "nothing like it"}, []),
        ({"actions": ("commented", "results_in")}, [4, 2]),
        ({"people": ("ben",)}, [4, 2]),  # one person, however the name was typed
        ({"people": ("root",)}, [4, 2]),  # who recorded counts too
        ({"plan_id": "tea"}, [4, 3]),
        ({"since": date(2026, 6, 2), "until": date(2026, 6, 3)}, [3, 2]),
        ({"people": ("Ana", "Cy"), "plan_id": "june", "text": "sale"}, [5, 1]),
    ],
)
def test_entries_are_found_the_newest_first(shop, config, asked, found):
    write(shop, config, WRITTEN)
    assert numbers(shop, config, **asked) == found


def test_the_day_of_an_entry_is_that_of_the_shop(shop, config):
    write(shop, config, WRITTEN[:1], since=DAY.replace(hour=17))  # past midnight in Shanghai
    assert search.register(shop, config).rows["day"].tolist() == ["2026-06-02"]


def test_people_are_listed_once_each_in_the_spelling_used_last(shop, config):
    write(shop, config, WRITTEN)
    assert search.register(shop, config).people == [" BEN ", "ana", "cy", "root"]


def test_what_is_known_is_read_on_and_not_again(shop, config, monkeypatch):
    write(shop, config, WRITTEN[:3])
    known, said = search.register(shop, config), search.words(shop, config)
    assert search.register(shop, config, known) is known
    write(shop, config, WRITTEN[3:])
    read = []
    chosen = ledger.chosen

    def counted(*arguments):
        read.append(chosen(*arguments))
        return read[-1]

    monkeypatch.setattr(ledger, "chosen", counted)
    assert search.register(shop, config, known).rows["seq"].tolist() == [1, 2, 3, 4, 5]
    assert search.words(shop, config, said) is said
    assert [entry.seq for batch in read for entry in batch] == [4, 5]
    assert len(said.by_entry) == 5


def test_another_history_in_the_same_place_is_read_anew(shop, config, tmp_path):
    write(shop, config, WRITTEN)
    known, said = search.register(shop, config), search.words(shop, config)
    for path in (shop.path / "ledger.db", shop.path / "ledger.db-wal", shop.path / "ledger.db-shm"):
        path.unlink(missing_ok=True)
    write(shop, tmp_path / "new keys", WRITTEN[2:4])
    assert search.register(shop, tmp_path / "new keys", known).rows["plan_id"].tolist() == ["tea", "tea"]
    assert len(search.words(shop, tmp_path / "new keys", said).by_entry) == 2


def test_a_changed_entry_is_named_when_its_words_are_read(shop, config):
    import sqlite3

    write(shop, config, WRITTEN)
    with sqlite3.connect(shop.path / "ledger.db") as db:
        db.execute("DROP TRIGGER entries_no_update")
        db.execute("UPDATE entries SET actor = 'Eve' WHERE seq = 4")
    with pytest.raises(StoreProblem, match="Entry 4"):
        search.words(shop, config)
    with pytest.raises(StoreProblem, match="Entry 4"):
        search.entries(shop, config, [2, 4])


def test_the_list_as_a_file_names_the_last_entry_in_every_row_and_is_safe(shop, config):
    write(shop, config, [*WRITTEN, ("june", "commented", "=cmd", "root", 5, "=1+1")])
    head = ledger.head(shop.path)
    sheet = cells.to_csv(search.table(shop, config, [6, 2], head))
    back = cells.read_back(sheet)
    assert b'"\'=1+1"' in sheet
    assert back["reason"].tolist() == ["=1+1", "fits the Range, 价格合适"]
    assert set(back["ledger_head"]) == {head.hash} and set(back["ledger_entries"]) == {"6"}
    assert ledger.verify(shop.path, shop.shop_id, config, printed=(6, head.hash)).ok


def test_an_empty_history_has_nothing_to_find(shop, config):
    assert search.register(shop, config).rows.empty
    assert search.words(shop, config).by_entry == []
    assert ledger.head(shop.path).entries == 0
    assert list(search.decisions(shop, config)) == []
