"""The catalogue, the code and the documentation say the same."""

import json
import re
from pathlib import Path

import pytest

from policies.compliance import catalogue
from policies.compliance.controls import CONTROLS
from policies.compliance.judgement import judge_all
from policies.models.releases import Result
from tests.policies.compliance.scenes import MONDAY, facts

ROOT = Path(__file__).resolve().parents[3]
DOCS = (ROOT / "docs" / "controls.md").read_text()


def without_code(given):
    return [entry.id for entry in given.entries if entry.id not in CONTROLS]


def without_docs(given):
    documented = set(re.findall(r"^## ([A-Z]+-\d+)$", DOCS, re.M))
    return [entry.id for entry in given.entries if entry.id not in documented]


def test_every_entry_has_code_and_documentation_and_the_reverse():
    given = catalogue.current()

    assert without_code(given) == without_docs(given) == []
    assert {entry.id for entry in given.entries} == set(CONTROLS)
    assert len(given.entries) >= 12


def test_an_entry_without_code_or_documentation_would_be_seen():
    planted = catalogue.parse(
        """
        version: "1"
        controls:
          - {id: ABC-99, title: t, statement: s, sources: [a], rule: r,
             validity: {T1: always, T2: 3, T3: null, DM: null}}
        """
    )

    assert without_code(planted) == without_docs(planted) == ["ABC-99"]


def test_a_tier_that_is_forgotten_is_an_error():
    with pytest.raises(ValueError, match="validity must name"):
        catalogue.parse(
            "{version: '1', controls: [{id: A-1, title: t, statement: s, sources: [],"
            " rule: r, validity: {T1: always}}]}"
        )


def test_what_a_tier_is_not_asked_for_is_not_applicable():
    found = judge_all(catalogue.current(), facts(tier={"tier": 4}), at=MONDAY)

    asked = {control for control, finding in found.items() if finding.result != "not_applicable"}
    assert asked == {"INV-02", "INV-03", "CLS-02", "DEV-04", "REL-04", "MON-02"}


def test_a_decommissioned_model_is_asked_nothing():
    found = judge_all(catalogue.current(), facts(record={"lifecycle": "decommissioned"}), at=MONDAY)

    assert {finding.result for finding in found.values()} == {"not_applicable"}


@pytest.mark.parametrize("tier", [1, 2, 3, 4])
def test_every_finding_is_one_of_the_six_and_can_be_stored(tier):
    for finding in judge_all(catalogue.current(), facts(tier={"tier": tier}), at=MONDAY).values():
        assert finding.result in Result.values
        json.dumps(finding.seen)
