"""Every page in a real browser: accessible in both themes, under the strict policy."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from registry import clock
from tests.browser.kept import keep
from tests.cast import cast
from tests.dashboard.scene import scene
from tests.factories import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

EMPTY = [
    *("/", "/fleet/", "/m/card-fraud/", "/alerts/", "/incidents/", "/policies/", "/audit/"),
    *("/register/", "/m/card-fraud/edit/", "/m/card-fraud/checks/new/", "/policies/new/"),
    *("/m/card-fraud/sources/requests/", "/m/card-fraud/history/", "/inventory/"),
    *("/inventory/?as_of=2020-01-01", "/inventory/?as_of=2999-01-01"),
    "/m/card-fraud/contract/",
    *("/m/card-fraud/record/", "/m/card-fraud/record/identity/", "/m/card-fraud/tier/"),
    *("/m/card-fraud/rulebooks/eu-ai-act/", "/m/card-fraud/?as_of=2020-01-01"),
    *("/discovery/", "/import/", "/import/file/", "/import/from/none/"),
    *("/account/", "/account/app/", "/account/password/", "/sign-in/again/", "/sign-in/closed/"),
    *("/settings/units/", "/settings/people/", "/settings/servers/", "/settings/channels/"),
    *("/settings/trainers/", "/settings/tokens/", "/settings/units/new/", "/settings/people/new/"),
    *("/settings/servers/new/", "/settings/channels/new/", "/settings/trainers/new/"),
    *("/no-such-page/", "/fleet/?q=nothing"),
]
FULL = [
    *("/fleet/", "/m/card-fraud/", "/m/card-fraud/runs/{run}/", "/m/card-fraud/runs/{fault}/"),
    *("/alerts/", "/alerts/?state=resolved", "/incidents/", "/incidents/{incident}/", "/audit/"),
    *("/policies/", "/policies/drift-standard/", "/m/card-fraud/checks/drift/"),
    *("/m/card-fraud/checks/performance/", "/m/card-fraud/contract/"),
    *("/settings/units/fraud/", "/settings/people/ana@example.com/", "/settings/trainers/fleet/"),
]
# What the pages about records, people and MLflow's news show once there is something to show.
KEPT = [
    *("/m/card-fraud/", "/m/card-fraud/?as_of={moment}", "/inventory/?as_of={moment}"),
    *("/inventory/", "/m/card-fraud/history/", "/m/card-fraud/record/"),
    *("/m/card-fraud/record/purpose/", "/incidents/{incident}/", "/discovery/", "/import/"),
    *(
        "/import/from/{server}/",
        "/import/from/{server}/map/?id={found}",
        "/import/done/{operation}/",
    ),
    *("/audit/", "/settings/tokens/{token}/revoke/", "/settings/servers/{server}/"),
    *("/account/", "/account/app/remove/", "/account/codes/", "/account/codes/new/"),
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def violations(reader, paths):
    found = {}
    for path in paths:
        reader.page.goto(path)
        result = Axe().run(reader.page, options={"runOnly": {"type": "tag", "values": TAGS}})
        if result.violations_count:
            found[path] = [
                (item["id"], [node["html"][:160] for node in item["nodes"][:3]])
                for item in result.response["violations"]
            ]
    return found


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_without_data_are_accessible_and_keep_the_policy(read, theme):
    reader = read(cast().pat, theme=theme)

    assert violations(reader, EMPTY) == {}
    assert reader.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_with_data_are_accessible_and_keep_the_policy(read, theme):
    story = scene(now=clock.now())
    numbers = {"run": story.run.pk, "fault": story.fault.pk, "incident": story.incident.pk}
    paths = [path.format(**numbers) for path in FULL]

    for person in (story.people.pat, story.people.ana):
        reader = read(person, theme=theme)
        assert violations(reader, paths if person == story.people.pat else paths[:10]) == {}
        assert reader.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_of_records_and_accounts_are_accessible_and_keep_the_policy(read, theme):
    kept = keep(scene(now=clock.now()))
    reader = read(kept.person, theme=theme)

    assert violations(reader, [path.format(**kept.numbers) for path in KEPT]) == {}
    assert reader.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_second_factor_is_asked_for_accessibly(read, theme):
    kept = keep(scene(now=clock.now(), passwords=True))
    reader = read(None, theme=theme)
    reader.page.goto("/sign-in/")
    reader.page.fill("#id_login", kept.person.email)
    reader.page.fill("#id_password", PASSWORD)
    reader.page.click("main button")
    reader.page.wait_for_url("**/sign-in/code/")

    result = Axe().run(reader.page, options={"runOnly": {"type": "tag", "values": TAGS}})

    assert result.violations_count == 0, result.generate_report()
    assert reader.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_sign_in_and_refused_forms_are_accessible(read, theme):
    people = cast()
    stranger, pat = read(None, theme=theme), read(people.pat, theme=theme)
    pat.page.goto("/settings/units/new/")
    pat.page.fill("#f-key", "Not A Slug")
    pat.page.fill("#f-name", "X")
    pat.page.click("text=Save")

    assert "cannot be a slug" in pat.page.content()
    assert violations(stranger, ["/sign-in/"]) == {}
    result = Axe().run(pat.page, options={"runOnly": {"type": "tag", "values": TAGS}})
    assert result.violations_count == 0, result.generate_report()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_refused_check_form_is_accessible_and_leads_to_its_faults(read, theme):
    story = scene(now=clock.now())
    reader = read(story.people.ana, theme=theme)
    page = reader.page
    page.goto("/m/card-fraud/checks/new/?kind=data")
    page.fill("#f-key", "weekly")
    page.click("summary:has-text('Single columns')")
    page.fill("#f-features", "income")
    page.fill("#f-min_effect", "3")
    page.click("main button:has-text('Save')")

    result = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})

    assert result.violations_count == 0, result.generate_report()
    assert reader.complaints == []
    page.click("[role=alert] a:has-text('Least effect')")
    assert page.is_visible("#f-min_effect")


def test_one_signs_in_and_acknowledges_without_javascript(read):
    cast_story = scene(now=clock.now(), passwords=True)
    page = read(None, javascript=False).page

    page.goto("/alerts/")
    page.fill("#id_login", "ana@example.com")
    page.fill("#id_password", PASSWORD)
    page.click("main button")
    page.click(f"text=INC-{cast_story.incident.pk}")
    page.click("main button:has-text('Acknowledge')")

    assert "acknowledged by Ana" in page.inner_text("main")


def test_the_worst_model_and_its_acknowledgement_are_reached_by_keys(read):
    story = scene(now=clock.now())
    page = read(story.people.ana).page
    page.goto("/fleet/")

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/m/card-fraud/")
    page.keyboard.press("a")
    page.keyboard.press("Enter")

    page.wait_for_selector("text=is acknowledged")
    assert "acknowledged by Ana" in page.inner_text("main")


def test_the_fleet_page_looks_again_by_itself_and_keeps_the_policy(read):
    reader = read(cast().ana)
    reader.page.goto("/fleet/")

    with reader.page.expect_response("**/fleet/?*v=*") as answer:
        reader.page.evaluate(
            "htmx.ajax('GET', document.querySelector('#fleet').getAttribute('hx-get'),"
            " {target: '#fleet', swap: 'outerMorph'})"
        )

    assert answer.value.status == 204
    assert reader.complaints == []


NARROW = ["/fleet/", "/incidents/", "/register/", "/m/card-fraud/contract/", "/import/file/"]


def test_nothing_is_cut_off_on_a_narrow_screen(read):
    kept = keep(scene(now=clock.now()))
    page = read(kept.person, width=320).page
    wide = {}

    for path in [*NARROW, *(path.format(**kept.numbers) for path in KEPT)]:
        page.goto(path)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > 320:
            wide[path] = width

    assert wide == {}


def test_a_record_is_read_and_filled_without_javascript(read):
    kept = keep(scene(now=clock.now()))
    page = read(kept.person, javascript=False).page

    page.goto("/m/card-fraud/record/")
    page.click("a:has-text('Fill Identity')")
    page.fill("[name=legal_entity]", "Acme SA")
    page.click("main button:has-text('Save') >> nth=0")

    assert "Acme SA" in page.inner_text("main")


def test_pages_stay_small(read):
    story = scene(now=clock.now())
    page = read(story.people.ana).page

    for path in ("/fleet/", "/m/card-fraud/", f"/m/card-fraud/runs/{story.run.pk}/"):
        page.goto(path)
        assert page.evaluate("document.querySelectorAll('*').length") <= 1500, path
