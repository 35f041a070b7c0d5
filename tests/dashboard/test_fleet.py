"""The fleet page shows what its reader may see, worst first, in few queries."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dashboard.queries.fleet import Filters, fleet_rows
from monitoring.models import Health
from registry import clock
from tests.cast import acting, bearer, cast
from tests.factories import PASSWORD, RegisteredModelFactory
from tests.monitoring.history import History

pytestmark = pytest.mark.django_db


def healthy(model, state="ok", **fields):
    now = clock.now()
    defaults = {"since": now, "observed_at": now, "stale_at": now + timedelta(days=8)}
    return Health.objects.create(model=model, state=state, **{**defaults, **fields})


def test_a_stranger_is_sent_to_the_sign_in(client):
    response = client.get("/fleet/")

    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in/?next=/fleet/")


def test_a_person_signs_in_and_sees_the_fleet(client):
    cast(passwords=True)

    response = client.post(
        "/sign-in/", {"login": "ben@example.com", "password": PASSWORD}, follow=True
    )

    assert "Card Fraud" in response.content.decode()


def test_a_wrong_password_says_what_to_do(client, people):
    response = client.post("/sign-in/", {"login": "ana@example.com", "password": "wrong"})

    assert "is not right" in response.content.decode()


def test_another_units_models_do_not_exist(client, people):
    client.force_login(people.chris)

    page = client.get("/fleet/").content.decode()

    assert "Card Fraud" not in page
    assert "No models yet" in page


def test_worst_comes_first_and_unknown_before_watch(client, people):
    for state in ("ok", "watch", "critical", "paused"):
        model = RegisteredModelFactory.create(slug=f"is-{state}", unit=people.fraud)
        healthy(model, state)
    client.force_login(people.ana)

    page = client.get("/fleet/").content.decode()

    order = [page.index(f"/m/{slug}/") for slug in ("is-critical", "card-fraud", "is-watch")]
    assert order == sorted(order)
    assert page.index("/m/is-watch/") < page.index("/m/is-paused/") < page.index("/m/is-ok/")


def test_a_unit_is_one_line_that_counts_all_its_models(client, people):
    for _ in range(4):
        RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)

    counts = fleet_rows(acting(people.ana), Filters()).counts

    assert [(row["unit__slug"], row["state"], row["n"]) for row in counts] == [
        ("fraud", "unknown", 5)
    ]


def test_a_model_nobody_watches_is_unknown(client, people):
    client.force_login(people.ana)

    page = client.get("/fleet/?status=unknown").content.decode()

    assert "Nobody watches this model yet" in page


def test_health_that_is_stale_is_unknown_even_when_no_sweep_runs(client, people):
    healthy(people.model, "ok", stale_at=clock.now() - timedelta(minutes=1))
    client.force_login(people.ana)

    page = client.get("/fleet/").content.decode()

    assert "Monitoring is late: 1 model" in page
    assert '<span class="state unknown">' in page


def test_filters_stand_in_the_address(client, people):
    RegisteredModelFactory.create(slug="other", name="Other", unit=people.fraud)
    client.force_login(people.ana)

    mine = client.get("/fleet/?owner=me").content.decode()
    none = client.get("/fleet/?q=nothing").content.decode()

    assert "Card Fraud" in mine
    assert "/m/other/" not in mine
    assert "No model matches these filters" in none


def test_nonsense_in_the_address_is_ignored(client, people):
    client.force_login(people.ana)

    for query in ("page=x", "page=-1", "tier=9", "status=purple", "page=99999999999"):
        assert client.get(f"/fleet/?{query}").status_code == 200


@pytest.mark.parametrize("models", [1, 60])
def test_the_page_needs_at_most_seven_queries(client, people, models):
    for _ in range(models):
        healthy(RegisteredModelFactory.create(unit=people.fraud, owner=people.ana))
    client.force_login(people.ana)

    with CaptureQueriesContext(connection) as queries:
        response = client.get("/fleet/?status=ok")

    assert response.status_code == 200
    # One of them tells how long models wait in discovery.
    assert len(queries) <= 7, [q["sql"][:90] for q in queries]


def test_a_window_is_as_bad_as_the_worst_of_its_checks_found_it(people):
    data = History(people.model)
    performance = History(people.model, "performance", "performance")
    for week, found in enumerate(["ok", "ok", "drift"], start=1):
        data.verdict(week, found)
    for week, found in enumerate(["breach", "queued", "not_evaluated"], start=1):
        performance.verdict(week, found)
    performance.verdict(4, "queued")

    [row] = fleet_rows(acting(people.ana), Filters()).rows

    assert row["windows"] == ["queued", "drift", "ok", "breach"]


def test_fifty_rows_a_page(client, people):
    for _ in range(60):
        RegisteredModelFactory.create(unit=people.fraud, owner=people.ana)
    client.force_login(people.ana)

    first, second = (client.get(f"/fleet/?page={n}").content.decode() for n in (1, 2))

    assert first.count('<tr title="rank') == 50
    assert second.count('<tr title="rank') == 11
    assert "of 61</span>" in second


def test_a_poll_is_answered_with_nothing_while_nothing_moves(client, people):
    client.force_login(people.ana)
    poll = client.get("/fleet/").context["poll"]

    with CaptureQueriesContext(connection) as queries:
        quiet = client.get(poll)
    healthy(people.model, "critical")
    moved = client.get(poll)

    assert (quiet.status_code, quiet.content) == (204, b"")
    assert len(queries) <= 4  # session, person, roles, and one for the fleet
    assert moved.status_code == 200
    assert client.get(moved.context["poll"]).status_code == 204


def test_colors_are_kept_in_a_cookie_and_applied_by_the_server(client, people):
    client.force_login(people.ana)

    response = client.post("/preferences/", {"theme": "dark", "next": "/fleet/"})
    page = client.get("/fleet/").content.decode()

    assert response["Location"] == "/fleet/"
    assert 'data-theme="dark"' in page


def test_preferences_never_send_one_elsewhere(client):
    response = client.post("/preferences/", {"theme": "dark", "next": "https://evil.example/"})

    assert response["Location"] == "/"


def test_the_api_lists_the_same_fleet(client, people):
    healthy(people.model, "watch", reasons=["income drifted"])

    body = client.get("/api/v1/fleet/?status=watch", headers=bearer(people.ana)).json()

    assert [row["slug"] for row in body["results"]] == ["card-fraud"]
    assert body["results"][0]["reasons"] == ["income drifted"]
    assert body["totals"]["watch"] == body["count"] == 1


def test_totals_are_of_what_the_filters_match(client, people):
    healthy(people.model, "watch")
    RegisteredModelFactory.create(unit=people.fraud, owner=people.ana, name="Churn")

    body = client.get("/api/v1/fleet/?q=churn", headers=bearer(people.ana)).json()

    assert body["count"] == sum(body["totals"].values()) == 1
    client.force_login(people.ana)
    assert "1 model matches." in client.get("/fleet/?q=churn").content.decode()


def test_the_api_refuses_what_is_no_state(client, people):
    response = client.get("/api/v1/fleet/?status=purple", headers=bearer(people.ana))

    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "/status"


def test_pages_carry_the_strict_policy(client, people):
    client.force_login(people.ana)

    policy = client.get("/fleet/")["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
