"""One use of each library, in the way this product relies on it: a young set of versions breaks here first."""

import sqlite3
import warnings

import numpy as np
import pandas as pd
import pytest


def test_ibis_makes_a_table_on_duckdb_and_fetches_no_extension():
    import ibis
    import sqlglot

    assert sqlglot.__version__ == "28.10.1", "Ibis 12 fails in create_table with newer versions"
    connection = ibis.duckdb.connect(autoinstall_known_extensions=False)
    lines = pd.DataFrame({"customer_id": ["a", "a", "b"], "revenue": [1.0, 2.0, 4.0]})
    table = connection.create_table("orders", lines)
    totals = table.group_by("customer_id").agg(monetary=table.revenue.sum()).order_by("customer_id").to_pandas()
    assert totals.to_dict("list") == {"customer_id": ["a", "b"], "monetary": [3.0, 4.0]}
    # to_pandas goes through pyarrow, whose own import must still agree with DuckDB's
    assert connection.raw_sql("SELECT current_setting('autoinstall_known_extensions')").fetchone() == (False,)


def test_ibis_reaches_postgres_by_a_driver_that_needs_nothing_of_the_machine():
    import ibis
    import psycopg

    assert psycopg.pq.__impl__ == "binary", "with its own libpq"
    with pytest.raises(psycopg.OperationalError, match="refused"):
        ibis.connect("postgres://127.0.0.1:9/shop", connect_timeout=2)


def test_lightgbm_contributions_add_up_to_the_prediction_and_equal_shap():
    import lightgbm
    import shap

    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 4))
    clicked = (rows[:, 0] + random.normal(size=400) > 0).astype(int)
    booster = lightgbm.train(
        {"objective": "binary", "verbose": -1, "num_threads": 1}, lightgbm.Dataset(rows, clicked), num_boost_round=20
    )
    contributions = booster.predict(rows[:50], pred_contrib=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a change of shape that it announces and did not make
        theirs = shap.TreeExplainer(booster).shap_values(rows[:50])
    assert np.allclose(contributions[:, :-1], theirs, atol=1e-12)
    assert np.allclose(contributions.sum(axis=1), booster.predict(rows[:50], raw_score=True))


def test_lightgbm_refuses_text_columns_so_they_must_become_categories_first():
    import lightgbm

    table = pd.DataFrame({"channel": ["email", "sms"] * 50})
    assert table["channel"].dtype == "str"
    with pytest.raises(ValueError, match="must be int, float or bool"):
        lightgbm.train({"verbose": -1}, lightgbm.Dataset(table, [0, 1] * 50), num_boost_round=1)


def test_scikit_learn_finds_three_far_apart_groups():
    from sklearn.cluster import KMeans

    centres = np.array([[0.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
    points = np.repeat(centres, 20, axis=0) + np.random.default_rng(0).normal(size=(60, 2))
    found = KMeans(n_clusters=3, n_init=10, random_state=0).fit(points).cluster_centers_
    assert np.allclose(found[np.lexsort(found.T)], centres[np.lexsort(centres.T)], atol=1)


def test_calamine_reads_a_spreadsheet(tmp_path):
    # The smallest XLSX there is: four parts in a zip file.
    import zipfile

    from python_calamine import CalamineWorkbook

    office = "http://schemas.openxmlformats.org"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types"><Default Extension="xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{office}/spreadsheetml/2006/main" '
        f'xmlns:r="{office}/officeDocument/2006/relationships"><sheets>'
        '<sheet name="orders" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{office}/package/2006/relationships"><Relationship '
        f'Id="r1" Type="{office}/officeDocument/2006/relationships/worksheet" Target="sheet1.xml"/></Relationships>',
        "xl/sheet1.xml": f'<worksheet xmlns="{office}/spreadsheetml/2006/main"><sheetData><row r="1">'
        '<c r="A1" t="inlineStr"><is><t>口红</t></is></c><c r="B1"><v>3</v></c></row></sheetData></worksheet>',
    }
    path = tmp_path / "orders.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    workbook = CalamineWorkbook.from_path(path)
    assert workbook.sheet_names == ["orders"]
    assert workbook.get_sheet_by_name("orders").to_python() == [["口红", 3.0]]


def test_pandera_gathers_every_problem_of_a_table_at_once():
    import pandera.pandas as pa

    schema = pa.DataFrameSchema({"quantity": pa.Column(int, pa.Check.ne(0)), "price": pa.Column(float, pa.Check.ge(0))})
    with pytest.raises(pa.errors.SchemaErrors) as caught:
        schema.validate(pd.DataFrame({"quantity": [1, 0], "price": [-1.0, 2.0]}), lazy=True)
    assert sorted(caught.value.failure_cases["column"]) == ["price", "quantity"]


def test_parquet_keeps_text_ids_as_text(tmp_path):
    path = tmp_path / "customers.parquet"
    pd.DataFrame({"customer_id": ["007", "NA", "null"]}).to_parquet(path)
    back = pd.read_parquet(path)
    assert back["customer_id"].tolist() == ["007", "NA", "null"]
    assert back["customer_id"].dtype == "str"


def test_sqlite_utils_runs_on_a_sqlite_without_the_wal_reset_bug(tmp_path):
    from sqlite_utils import Database
    from sqlite_utils.utils import sqlite3 as used

    assert used.sqlite_version_info >= (3, 51, 3), "pysqlite3 must be the library that sqlite-utils picks"
    assert used.__name__ != sqlite3.__name__ or sqlite3.sqlite_version_info >= (3, 51, 3)
    db = Database(tmp_path / "test.db")
    assert next(db.query("SELECT sqlite_version() AS version"))["version"] == used.sqlite_version


def test_openai_client_keeps_to_the_address_it_is_given():
    import openai

    client = openai.OpenAI(base_url="http://127.0.0.1:9/v1", api_key="none", max_retries=0, timeout=2)
    with pytest.raises(openai.APIConnectionError):
        client.models.list()


def test_llama_cpp_loads_its_library():
    import llama_cpp

    assert isinstance(llama_cpp.llama_supports_gpu_offload(), bool)


def test_plotly_makes_small_figures_without_the_default_template():
    import plotly.graph_objects as go

    bars = {"x": ["discount", "channel"], "y": [0.2, -0.1], "measure": ["relative", "relative"]}
    small = go.Figure(go.Waterfall(**bars), layout={"template": "none"}).to_json()
    assert len(small) < 2_000 < len(go.Figure(go.Waterfall(**bars)).to_json())


def test_streamlit_has_what_the_pages_use():
    import inspect

    import streamlit as st

    assert "on_click" in inspect.signature(st.download_button).parameters
    assert "persist_state" in inspect.signature(st.slider).parameters
    assert callable(st.navigation) and callable(st.fragment)


def test_cryptography_refuses_a_changed_ciphertext():
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    cipher, nonce = AESGCM(bytes(32)), bytes(12)
    sealed = cipher.encrypt(nonce, b"reason", b"plan-1")
    assert cipher.decrypt(nonce, sealed, b"plan-1") == b"reason"
    with pytest.raises(InvalidTag):
        cipher.decrypt(nonce, sealed, b"plan-2")


def test_tomlkit_keeps_the_comments_of_people():
    import tomlkit

    document = tomlkit.parse('currency = "USD"  # asked the bookkeeper\n')
    document["currency"] = "CNY"
    assert tomlkit.dumps(document) == 'currency = "CNY"  # asked the bookkeeper\n'


def test_lark_reads_a_small_grammar_and_says_where_it_stopped():
    import lark

    grammar = lark.Lark('start: WORD ("and" WORD)*\nWORD: /[a-z]+/\n%ignore " "', parser="lalr")
    assert [str(word) for word in grammar.parse("new and active").children] == ["new", "active"]
    with pytest.raises(lark.UnexpectedInput) as problem:
        grammar.parse("new and 7")
    assert problem.value.column == 9


def test_psutil_tells_a_process_from_another_that_was_given_its_number():
    import os

    import psutil

    here = psutil.Process()
    assert here.pid == os.getpid()
    assert psutil.Process(os.getpid()).create_time() == here.create_time()
    with pytest.raises(psutil.NoSuchProcess):
        psutil.Process(2**22 + 1)


def test_statsmodels_corrects_p_values_and_gives_intervals():
    from statsmodels.stats.multitest import multipletests
    from statsmodels.stats.proportion import confint_proportions_2indep

    assert np.allclose(multipletests([0.01, 0.04, 0.03], method="holm")[1], [0.03, 0.06, 0.06])
    low, high = confint_proportions_2indep(45, 200, 30, 200, method="newcomb")
    assert low < 0.075 < high


def test_tea_tasting_compares_two_groups_of_people():
    import tea_tasting

    random = np.random.default_rng(0)
    before = random.normal(size=400)
    people = pd.DataFrame({"variant": [0, 1] * 200, "before": before, "spent": before + random.normal(size=400)})
    plain = tea_tasting.Experiment({"spent": tea_tasting.Mean("spent")}).analyze(people)["spent"]
    adjusted = tea_tasting.Experiment({"spent": tea_tasting.Mean("spent", covariate="before")}).analyze(people)["spent"]
    assert (adjusted.effect_size_ci_upper - adjusted.effect_size_ci_lower) < 0.8 * (
        plain.effect_size_ci_upper - plain.effect_size_ci_lower
    )
