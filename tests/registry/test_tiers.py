"""Another tier than the computed one: heavier at once, lighter by two people and with an end."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from registry import catalogue, clock, moments, tiering, tiers
from registry.access import NotAllowed
from registry.models import AuditEvent, RegisteredModel, TierAssessment, TierOverride
from registry.problems import Invalid
from tests.cast import acting, cast, person
from tests.factories import NOW, FleetRoleFactory, MembershipFactory
from tests.registry.api import Caller, pointers

LIGHT = {question.key: 0 for question in tiering.QUESTIONS}
SOON = (NOW + timedelta(days=100)).date()
PATH = "models/card-fraud/tier-override/"


@pytest.fixture
def people(db):
    made = cast()
    answer(made, {**LIGHT, "exposure": 2, "harm": 2, "method": 3, "data": 2})  # computed T2
    return made


@pytest.fixture
def ivo(people):
    return person("ivo", people.fraud, "approver")


def answer(people, answers, at=NOW, who=None):
    body = {"tier_answers": answers, "change_reason": "looked at"}
    return catalogue.patch_model(acting(who or people.ana), people.model, body, at=at)


def ask(people, tier, who=None, ends_on=SOON, reason="why"):
    body = {"tier": tier, "reason": reason}
    body |= {"ends_on": ends_on.isoformat()} if ends_on else {}
    return tiers.ask(acting(who or people.ben), people.model, body, at=NOW)


def approve(people, who, at=NOW):
    return tiers.approve(acting(who), people.model, {}, at=at)


def now_is(people):
    model = RegisteredModel.objects.get(pk=people.model.pk)
    return model.tier, model.computed_tier


def test_the_scene_is_computed_as_tier_two(people):
    assert now_is(people) == (2, 2)


def test_a_heavier_tier_holds_at_once(people):
    ask(people, 1, ends_on=None)

    assert now_is(people) == (1, 2)
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.reason) == ("model.tier_override_set", "why")
    assert (event.before["tier"], event.after["tier"]) == (2, 1)


def test_a_lighter_tier_waits_for_an_independent_approver(people, ivo):
    ask(people, 3)
    assert now_is(people) == (2, 2)

    approve(people, ivo)

    assert now_is(people) == (3, 2)
    assert AuditEvent.objects.latest("pk").action == "model.tier_override_approved"


def test_a_new_answer_keeps_the_rule_and_the_override_apart(people, ivo):
    ask(people, 3)
    approve(people, ivo)

    answer(people, {"build": 1})

    assert now_is(people) == (3, 2)
    assert TierAssessment.objects.latest("pk").tier == 2


@pytest.mark.parametrize("ends_on", [None, NOW.date(), NOW.date() + timedelta(days=400)])
def test_a_lighter_tier_needs_an_end_within_a_year(people, ends_on):
    with pytest.raises(Invalid) as caught:
        ask(people, 3, ends_on=ends_on)

    assert [error.pointer for error in caught.value.errors] == ["/ends_on"]


def test_nobody_who_is_close_to_the_model_approves(people, ivo):
    ask(people, 3)
    close = person("una", people.fraud, "approver")
    close.manager = people.ben
    close.save()
    for who in (people.ana, people.ben):
        MembershipFactory.create(person=who, unit=people.fraud, role="approver")

    for who in (people.ana, people.ben, close, people.vera):
        with pytest.raises(NotAllowed):
            approve(people, who)
    assert now_is(people) == (2, 2)


def test_the_deputy_and_their_reports_do_not_approve_either(people, ivo):
    ask(people, 3)
    RegisteredModel.objects.filter(pk=people.model.pk).update(deputy=ivo)
    with pytest.raises(NotAllowed, match="You are the deputy"):
        approve(people, ivo)

    other = person("una", people.fraud, "approver")
    other.manager = ivo
    other.save()
    with pytest.raises(NotAllowed, match="to whom you report"):
        approve(people, other)


def test_a_platform_admin_holds_no_approval_right(people, ivo):
    ask(people, 3)

    with pytest.raises(NotAllowed, match="no approver"):
        approve(people, people.pat)


@pytest.mark.parametrize("act", [tiers.approve, tiers.end])
def test_a_decision_about_another_request_than_the_shown_one_does_nothing(people, ivo, act):
    _, first = ask(people, 3)
    tiers.end(acting(people.ben), people.model, {"reason": "no", "override": first.pk}, at=NOW)
    decision = {"reason": "seen", "override": first.pk}
    with pytest.raises(Invalid, match="/override: the request has changed"):
        act(acting(ivo), people.model, decision, at=NOW)
    _, second = ask(people, 4)

    with pytest.raises(Invalid, match=f"open now: DM .override {second.pk}"):
        act(acting(ivo), people.model, decision, at=NOW)

    second.refresh_from_db()
    assert (now_is(people), second.approved_at, second.ended_at) == ((2, 2), None, None)


def test_independence_follows_the_whole_line_of_management_and_ends_in_a_circle(people, ivo):
    line = [person(f"boss{number}") for number in range(3)]
    for lower, upper in zip([ivo, *line], [*line, line[0]], strict=True):
        lower.manager = upper
        lower.save()
    ask(people, 3)
    assert tiers.conflict(acting(ivo), people.model, TierOverride.objects.get()) == ""

    line[2].manager = people.ana
    line[2].save()

    with pytest.raises(NotAllowed, match="Ana, to whom you report, is the owner"):
        approve(people, ivo)


def test_an_approver_by_token_is_told_to_sign_in(people, ivo):
    caller = Caller(ivo)
    tried = [
        caller.post(PATH, {"tier": 1, "reason": "x"}),
        caller.post(PATH + "end/", {"reason": "x"}),
        caller.patch("models/card-fraud/", {"tier_answers": LIGHT, "change_reason": "x"}),
    ]
    for answer_ in tried:
        assert answer_.status_code == 403
        assert "signed in on the page; a token never does" in answer_.json()["detail"]


def test_a_token_never_approves(people, ivo):
    ask(people, 3)

    refused = Caller(ivo).post(PATH + "approve/", {})

    assert refused.status_code == 403
    assert "token never approves" in refused.json()["detail"]
    client = Client()
    client.force_login(ivo)
    done = client.post("/api/v1/" + PATH + "approve/", "{}", content_type="application/json")
    assert done.status_code == 200, done.content
    assert done.json()["tier"] == 3


def test_two_fleet_roles_approve_nothing(people, ivo):
    ask(people, 3)
    reader = person("rita")
    FleetRoleFactory.create(person=reader, role="risk_reader")

    with pytest.raises(NotAllowed):
        approve(people, reader)


def test_the_database_itself_refuses_an_own_approval_and_an_endless_lighter_tier(people):
    _, override = ask(people, 3)
    with pytest.raises(IntegrityError), transaction.atomic():
        TierOverride.objects.filter(pk=override.pk).update(approved_by=people.ben)
    with pytest.raises(IntegrityError), transaction.atomic():
        TierOverride.objects.filter(pk=override.pk).update(ends_at=None)


def test_its_time_is_over_and_the_computed_tier_is_back(people, ivo):
    ask(people, 3)
    approve(people, ivo)
    end = datetime.combine(SOON + timedelta(days=1), datetime.min.time(), UTC)

    # A day ends with its last moment, as it does where one asks how things stood (as_of).
    assert moments.parse(SOON.isoformat(), now=end) == TierOverride.objects.get().ends_at
    assert tiers.expire_due(at=end - timedelta(seconds=1), seconds=5) == 0
    assert tiers.expire_due(at=end, seconds=5) == 1
    assert tiers.expire_due(at=end, seconds=5) == 0

    assert now_is(people) == (2, 2)
    override = TierOverride.objects.get()
    assert (override.ended_by, override.end_reason) == (None, "its time is over")
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor_label) == ("model.tier_changed", "tiers")


def test_an_end_that_came_before_the_approval_cannot_be_approved(people, ivo):
    ask(people, 3)

    with pytest.raises(Invalid):
        approve(people, ivo, at=NOW + timedelta(days=200))


def test_when_the_rule_gives_the_same_tier_the_override_ends(people):
    ask(people, 1, ends_on=None)

    answer(people, {"exposure": 4})

    assert now_is(people) == (1, 1)
    assert "rule itself now gives T1" in TierOverride.objects.get().end_reason


def test_when_the_rule_gets_graver_an_approved_lighter_tier_ends(people, ivo):
    ask(people, 3)
    approve(people, ivo)

    answer(people, {"exposure": 4})

    assert now_is(people) == (1, 1)
    assert "while it gave T2" in TierOverride.objects.get().end_reason


def test_when_the_rule_gets_lighter_than_an_approved_one_it_ends(people, ivo):
    ask(people, 3)
    approve(people, ivo)

    answer(people, LIGHT, who=ivo)

    assert now_is(people) == (4, 4)
    assert "heavier than computed" in TierOverride.objects.get().end_reason


def test_one_override_at_a_time_and_a_heavier_one_replaces_it(people, ivo):
    ask(people, 3)
    with pytest.raises(Invalid):
        ask(people, 4)

    ask(people, 1, ends_on=None)

    assert now_is(people) == (1, 2)
    first, second = TierOverride.objects.order_by("pk")
    assert first.end_reason == "replaced by a heavier tier"
    assert second.ended_at is None
    with pytest.raises(Invalid):
        ask(people, 3)


def test_the_tier_of_the_rule_is_no_override(people):
    with pytest.raises(Invalid):
        ask(people, 2)


def test_who_set_a_heavier_tier_or_an_approver_takes_it_back(people, ivo):
    ask(people, 1, ends_on=None)
    with pytest.raises(NotAllowed):
        tiers.end(acting(people.ana), people.model, {"reason": "enough"}, at=NOW)

    tiers.end(acting(ivo), people.model, {"reason": "enough"}, at=NOW)

    assert now_is(people) == (2, 2)


def test_anybody_who_edits_refuses_a_lighter_tier(people):
    ask(people, 3)

    tiers.end(acting(people.ana), people.model, {"reason": "no"}, at=NOW)

    assert TierOverride.objects.get().ended_by == people.ana
    with pytest.raises(Invalid):
        tiers.end(acting(people.ana), people.model, {"reason": "no"}, at=NOW)


def test_the_api_asks_shows_and_ends(people, ivo):
    ben, vera = Caller(people.ben), Caller(people.vera)
    day = (clock.now() + timedelta(days=30)).date().isoformat()

    assert vera.post(PATH, {"tier": 1, "reason": "x"}).status_code == 403
    assert pointers(ben.post(PATH, {"tier": 3})) == ["/reason"]
    made = ben.post(PATH, {"tier": 3, "reason": "small pilot", "ends_on": day})

    assert made.status_code == 201
    shown = ben.get(PATH).json()
    assert (shown["tier"], shown["computed_tier"]) == (2, 2)
    assert shown["results"][0]["state"] == "asked"
    assert shown["tier_reasons"] and shown["rule_version"]
    ended = ben.post(PATH + "end/", {"reason": "not needed"}).json()
    assert ended["results"][0]["end_reason"] == "not needed"
    assert Caller(people.chris).get(PATH).status_code == 404
