"""What import-linter cannot see: foreign keys upward, heavy imports, sizes, clocks, scoping."""

import ast
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ["registry", "monitoring", "policies", "dashboard", "config"]
OURS = [*LAYERS, "bench", "examples", "script", "tests"]
HEAVY = {"numpy", "pandas", "pyarrow", "scipy", "sklearn", "mlflow", "evidently", "pyspark"}


def python_files(*folders):
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "/migrations/" not in path.as_posix()
    ]


def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path):
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def upward_relations(models):
    """Relations from a lower layer's table to a higher one's, as `app.Model.field`."""
    rank = {name: index for index, name in enumerate(LAYERS)}
    return [
        f"{model._meta.label}.{field.name}"
        for model in models
        for field in model._meta.get_fields()
        if field.concrete
        and field.is_relation
        and field.related_model
        and rank.get(field.related_model._meta.app_label, -1) > rank[model._meta.app_label]
    ]


def test_no_table_points_to_a_higher_layer():
    models = [m for layer in LAYERS[:4] for m in apps.get_app_config(layer).get_models()]

    assert upward_relations(models) == []
    assert len(models) > 30


def test_the_dashboard_has_no_tables():
    assert list(apps.get_app_config("dashboard").get_models()) == []


def modules_after(code):
    """The modules a clean process has loaded after running `code`."""
    script = f"{code}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("process", "code"),
    [
        (
            "web",
            "import config.wsgi; from django.urls import get_resolver; get_resolver().url_patterns",
        ),
        (
            "worker",
            "import django; django.setup(); import config.celery, config.tasks",
        ),
    ],
)
def test_a_light_process_stays_light(process, code):
    loaded = modules_after(code)

    assert HEAVY & loaded == set(), process
    assert "config.settings" in loaded


def test_a_planted_import_is_seen():
    assert "json.tool" in modules_after("import json.tool")


PURE = [
    "monitoring/checks",
    "policies/retraining/decide.py",
    "policies/releases/gates.py",
    "policies/compliance/controls",
    "registry/tiering.py",
    "registry/record/completeness.py",
    "registry/record/tags.py",
    "registry/regimes/rules.py",
    "monitoring/alerts/condition_words.py",
    "monitoring/alerts/event_words.py",
    "monitoring/alerts/judgement.py",
    "monitoring/alerts/message.py",
    "monitoring/alerts/vitals.py",
    "monitoring/alerts/wording.py",
]


def pure_files():
    files = []
    for name in PURE:
        path = ROOT / name
        assert path.exists(), f"{name} is named as pure but is not there"
        files += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return files


def test_judgement_is_pure():
    forbidden = {"django", "rest_framework", "celery", "requests", "urllib3", "socket", "time"}

    for path in pure_files():
        tops = {name.split(".")[0] for name in imported(path)}
        assert tops & (forbidden | HEAVY) == set(), path
        assert not re.search(r"\bnow\(\)|utcnow|today\(\)", path.read_text()), path


DOORS = {
    "evidently": ["monitoring/integrations/evidently.py"],
    "sklearn": ["monitoring/integrations/sklearn.py"],
    "mlflow": [],
    "pyspark": ["monitoring/integrations/spark.py"],
    "standardwebhooks": None,
    "allauth": ["registry/sign_in/", "registry/admin.py", "dashboard/pages/sign_in.py", "config/"],
    "jwt": ["registry/sign_in/"],
    "urllib3": ["registry/outbound.py", "registry/outbound/"],
}


def test_spark_is_loaded_by_its_door_alone():
    users = [path for path in python_files(*LAYERS) if '"pyspark' in path.read_text()]

    assert users == [ROOT / "monitoring/integrations/spark.py"]


@pytest.mark.parametrize("vendor", [name for name, doors in DOORS.items() if doors is not None])
def test_a_vendor_has_one_door(vendor):
    users = [
        path.relative_to(ROOT).as_posix()
        for path in python_files(*LAYERS)
        if any(name.split(".")[0] == vendor for name in imported(path))
    ]

    assert [user for user in users if not user.startswith(tuple(DOORS[vendor]) or ("-",))] == []


def test_nothing_reaches_out_but_the_guarded_client():
    reaching = {"requests", "httpx", "aiohttp", "http.client", "urllib.request", "smtplib"}
    # SMTP is the one named exception; the other puts the guarded client under allauth's calls.
    allowed = (
        "registry/outbound",
        "monitoring/alerts/channels/mail.py",
        "registry/sign_in/guarded.py",
    )

    for path in python_files(*LAYERS):
        if not path.relative_to(ROOT).as_posix().startswith(allowed):
            assert imported(path) & reaching == set(), path


def test_nothing_unpickles():
    bad = {"pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}

    for path in python_files(*LAYERS):
        assert {name.split(".")[0] for name in imported(path)} & bad == set(), path


def test_there_is_no_signal():
    for path in python_files(*LAYERS):
        assert "django.dispatch" not in imported(path), path
        assert "django.db.models.signals" not in imported(path), path


def clock_readers():
    pattern = re.compile(r"timezone\.now\(|datetime\.now\(|utcnow\(|date\.today\(")
    return [
        path.relative_to(ROOT).as_posix()
        for path in python_files(*LAYERS)
        if pattern.search(path.read_text())
    ]


def test_only_the_database_knows_what_time_it_is():
    assert clock_readers() == []


def test_no_file_is_longer_than_400_lines():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in python_files(*OURS)
        if (lines := len(path.read_text().splitlines())) > 400
    }

    assert long == {}


def long_functions(path):
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if length > 60:
                yield f"{path.relative_to(ROOT).as_posix()}:{node.name} ({length})"


def test_no_function_is_longer_than_60_lines():
    files = python_files(*LAYERS, "script", "bench", "examples")

    assert [found for path in files for found in long_functions(path)] == []


def test_no_module_has_a_name_that_says_nothing():
    empty = {"utils", "helpers", "common", "core", "base", "misc"}

    assert [p for p in python_files(*OURS) if p.stem in empty] == []


UNSCOPED = re.compile(
    r"\b(RegisteredModel|BusinessUnit|Run|Alert|Incident|Decision|Check|Source|Delivery|Job"
    r"|ModelVersion|SourceModel|AuditEvent|RetrainingPolicy|Channel|Trainer)\.objects\b"
)
EDGES = ("/api.py", "/serializers.py", "/views.py")


def edge_files():
    return [
        path
        for path in python_files(*LAYERS[:4])
        if path.as_posix().endswith(EDGES)
        or "/api/" in path.as_posix()
        or "/pages/" in path.as_posix()
    ]


def test_views_see_only_what_access_scopes():
    assert edge_files()
    assert [
        p.relative_to(ROOT).as_posix() for p in edge_files() if UNSCOPED.search(p.read_text())
    ] == []


def test_every_fault_of_a_request_has_a_remedy():
    for path in python_files(*LAYERS):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            given = len(node.args) + len(node.keywords)
            starred = any(isinstance(argument, ast.Starred) for argument in node.args)
            if name in ("invalid", "FieldError") and not starred:
                assert given >= 4, f"{path}:{node.lineno} names no remedy"
