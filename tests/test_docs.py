"""Documentation that the build holds to the code: what exists is described, and the reverse."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import get_commands

from config.duties import DUTIES
from monitoring.models import Channel, Check
from monitoring.states import HealthState, RunState
from registry import inventory
from registry.audit_actions import ACTIONS
from tests.routes import all_routes

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
OURS = ("registry", "monitoring", "policies", "dashboard", "config")


def text(name):
    return (DOCS / name).read_text(encoding="utf-8")


def settings_read():
    source = (ROOT / "config" / "settings.py").read_text()
    return set(re.findall(r'(?:env\.\w+|origins)\(\s*"([A-Z_]+)"', source))


def test_every_setting_is_documented_and_every_documented_setting_is_read():
    documented = set(re.findall(r"^\| `([A-Z_]+)`", text("settings.md"), re.M))

    assert documented == settings_read()
    assert len(documented) > 15


def test_every_command_is_documented():
    ours = {name for name, app in get_commands().items() if app in OURS}
    documented = set(re.findall(r"^\| `([a-z_]+)`", text("commands.md"), re.M))

    assert documented == ours


def test_every_duty_is_documented():
    part = text("commands.md").split("## Duties\n")[1]

    assert re.findall(r"^- `([a-z_]+)`: ", part, re.M) == [duty.name for duty in DUTIES]


def test_every_script_is_documented():
    scripts = {p.name for p in (ROOT / "script").iterdir() if p.is_file() and "." not in p.name}

    assert {name for name in scripts if f"`script/{name}" not in text("commands.md")} == set()


def actions_in_the_code():
    nouns = {action.partition(".")[0] for action in ACTIONS}
    # Of a known noun wherever it stands, and any that is recorded on the spot.
    known = rf'"((?:{"|".join(sorted(nouns))})\.[a-z_]+)"'
    pattern = re.compile(rf'{known}|audit\.record\(\s*\w+,\s*"([a-z]+\.[a-z_]+)"')
    sources = (p for layer in OURS for p in (ROOT / layer).rglob("*.py"))
    kept = [p for p in sources if "migrations" not in p.parts and p.name != "audit_actions.py"]
    found = (pair for path in kept for pair in pattern.findall(path.read_text()))
    return {first or second for first, second in found}


def test_every_action_of_the_audit_is_listed_and_documented():
    rows = re.findall(r"^\| `([a-z]+\.[a-z_]+)` \| (.+) \|$", text("audit.md"), re.M)

    assert actions_in_the_code() == set(ACTIONS)
    assert dict(rows) == ACTIONS


def test_every_endpoint_is_documented():
    endpoints = {route.path for route in all_routes() if route.path.startswith("api/v1/")}

    assert {path for path in endpoints if f"`/{path}`" not in text("api.md")} == set()


def test_every_documented_endpoint_exists():
    endpoints = {f"/{route.path}" for route in all_routes()}
    documented = set(re.findall(r"`(/api/v1/[^`]*)`", text("api.md")))

    assert documented - endpoints == set()


def test_every_page_is_documented():
    pages = {
        route.path
        for route in all_routes()
        if not route.path.startswith(("api/", "admin/", "static/"))
    }

    assert {path for path in pages if f"`/{path}`" not in text("pages.md")} == set()


@pytest.mark.parametrize("kind", Check.Kind.values)
def test_every_kind_of_check_is_documented(kind):
    assert f"## `{kind}`" in text("checks.md")


@pytest.mark.parametrize("state", [*RunState.values, *HealthState.values])
def test_every_state_is_documented(state):
    assert f"`{state}`" in text("checks.md")


@pytest.mark.parametrize("kind", Channel.Kind.values)
def test_every_channel_is_documented(kind):
    assert f"## `{kind}`" in text("alerts.md")


def test_every_link_between_documents_leads_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")]
    broken = [
        f"{page.name}: {link}"
        for page in pages
        for link in re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
        if not (page.parent / link).exists()
    ]

    assert broken == []


def test_every_direct_dependency_has_its_reason():
    wanted = re.findall(r"^([a-z0-9-]+)", (ROOT / "requirements.in").read_text(), re.M)
    reasons = text("dependencies.md")

    assert [name for name in wanted if name not in reasons] == []
    assert apps.ready


def test_every_column_of_the_inventory_is_documented():
    """The table is generated from the columns; it must be exactly theirs, in their order."""
    rows = [
        f"| `{c.name}` | {f'`{c.path}`' if c.path else ''} | {c.kind} | {c.said} |"
        for c in inventory.COLUMNS
    ]

    assert re.findall(r"^\| `\w+` \|.*\|$", text("history.md"), re.M) == rows
