from collections import Counter

import pytest

from examples.fleet.catalogue import MODELS, find, fleet, original_slug
from examples.fleet.governance import USES
from examples.fleet.organization import UNITS, people
from examples.fleet.specification import KINDS


def test_the_fleet_is_as_large_and_as_real_as_it_says():
    units = {spec.unit for spec in MODELS}

    assert len(MODELS) >= 36
    assert len(units) >= 8
    assert sum(spec.real for spec in MODELS) >= 6
    assert len({spec.slug for spec in MODELS}) == len(MODELS)


def test_every_story_is_told_and_a_short_fleet_tells_them_all():
    kinds = len(KINDS)

    assert {spec.script.kind for spec in fleet(kinds)} == set(KINDS)


def test_a_fault_lasts_to_the_end_or_three_windows():
    for spec in MODELS:
        if spec.script.kind in ("nothing", "season", "late_batch"):
            continue
        assert spec.script.last - spec.script.first >= 2, spec.slug
        assert spec.script.last <= 13, spec.slug


def test_concept_drift_begins_early_enough_for_its_labels():
    concepts = [spec for spec in MODELS if spec.script.kind == "concept"]

    assert concepts
    for spec in concepts:
        judged = 13 - spec.weeks_late - spec.script.first + 1
        assert judged >= 3, spec.slug


def test_the_named_cases_are_there():
    tasks = Counter(spec.task for spec in MODELS)
    worlds = {spec.world for spec in MODELS}

    assert tasks["ranking"] >= 2
    assert tasks["clustering"] >= 1
    assert any(spec.synthetic_minority for spec in MODELS)
    assert any(spec.latency and spec.script.kind == "latency" for spec in MODELS)
    assert any(spec.seasonal and spec.real for spec in MODELS)
    assert {
        "churn.telecom", "churn.software", "credit.default", "payments.card", "payments.wire",
        "marketing.clicks", "marketing.sales", "demand.articles", "marketing.customers",
        "surveys.wages", "staff.applications", "credit.scoring", "flights.delays",
    } <= worlds  # fmt: skip


def test_ana_owns_models_of_different_fates():
    fates = {spec.script.kind for spec in MODELS if spec.owner == "ana@example.org"}

    assert len(fates) >= 3


def test_owners_and_deputies_belong_to_the_unit_and_differ():
    roles = {
        (person.email, membership["business_unit"], membership["role"])
        for person in people()
        for membership in person.memberships
    }
    for spec in MODELS:
        assert (spec.owner, spec.unit, "owner") in roles, spec.slug
        assert (spec.deputy, spec.unit, "developer") in roles, spec.slug
        assert spec.owner != spec.deputy


def test_nobody_validates_or_approves_what_they_make():
    for unit in UNITS:
        makers = {unit.head, *unit.owners, unit.developer}
        judges = {
            person.email.partition("@")[0]
            for person in people()
            for membership in person.memberships
            if membership["business_unit"] == unit.slug
            and membership["role"] in ("validator", "approver")
        }
        assert judges and not makers & judges


def test_a_manager_is_told_before_those_who_have_one():
    told = set()
    for person in people():
        assert not person.manager or person.manager in told
        told.add(person.email)


def test_every_use_has_its_answers():
    assert {spec.governance for spec in MODELS} <= set(USES)


def test_a_larger_fleet_repeats_the_catalogue_with_other_slugs_and_seeds():
    large = fleet(500)

    assert len({spec.slug for spec in large}) == 500
    assert large[len(MODELS)].original == large[0].slug
    assert large[len(MODELS)].seed != large[0].seed
    assert fleet(500) == large


@pytest.mark.parametrize("place", [0, 41, 42, 499])
def test_a_slug_finds_its_specification_again(place):
    spec = fleet(500)[place]
    again = find(spec.slug)

    assert (again.slug, again.seed, again.script) == (spec.slug, spec.seed, spec.script)
    assert original_slug(spec.slug) == spec.original
