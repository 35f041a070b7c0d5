"""Compute which tags a model carries, and why: they make fields and rulebooks apply. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from registry.record.choices import Adaptation, EuClass, EuRole, Group, ModelKind, Origin, Subject

_EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
EU_STATES = frozenset(_EU.split())
_IN_USE = ("active", "restricted", "suspended")
_ENDED = ("decommissioning", "decommissioned")


@dataclass(frozen=True)
class Tag:
    """One tag with the fact it follows from."""

    name: str
    reason: str


def facts(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts that tags and rulebooks look at; one nobody stated is None.

    `said` is a record as its revisions keep it: jurisdictions, decision_role, lifecycle,
    tier_answers and record.
    """
    record, answers = said.get("record") or {}, said.get("tier_answers") or {}
    places = sorted(said.get("jurisdictions") or [])
    groups = (record.get("people_affected") or {}).get("groups")
    in_eu = _in_eu(places)
    return {
        "places": _widened(places) if places else None,
        "in_eu": in_eu,
        "in_new_york_city": _in_new_york_city(places),
        "lifecycle": said.get("lifecycle"),
        "decision_role": said.get("decision_role"),
        "decides_about": record.get("decides_about"),
        "people": groups,
        "touches_people": _touches_people(groups, answers),
        "significant_effect": answers.get("significant_effect_on_people"),
        "origin": record.get("origin"),
        "model_kind": record.get("model_kind"),
        "adaptation_mode": record.get("adaptation_mode"),
        "personal_data": record.get("personal_data"),
        "eu_class": record.get("eu_class"),
        "eu_role": record.get("eu_role"),
        "eu_high_risk": _eu_high_risk(record.get("eu_class"), answers),
        "regulatory_figure": answers.get("regulatory_figure"),
    }


def tags(known: Mapping[str, Any]) -> tuple[Tag, ...]:
    """Return the tags that follow from the facts; an unknown fact gives none."""
    return tuple(_tags(known))


def _tags(known: Mapping[str, Any]) -> Iterator[Tag]:
    about, eu_class = known["decides_about"] or (), known["eu_class"]
    if known["in_eu"]:
        yield Tag("EU", f"it is used in {', '.join(_eu_places(known['places']))}")
    if known["in_eu"] and known["eu_high_risk"]:
        yield Tag("EUHR", "it is high-risk under the EU AI Act")
        if known["eu_role"] in (EuRole.PROVIDER, EuRole.BOTH):
            yield Tag("EUHR-PROVIDER", "we are the provider of a high-risk system")
    if known["in_eu"] and eu_class == EuClass.ANNEX_III:
        yield Tag("EU-ANNEX-III", "its class is high-risk by Annex III")
    if known["in_eu"] and eu_class == EuClass.EXCLUDED:
        yield Tag("EU-6-3", "it claims the exclusion of Article 6(3)")
    if known["touches_people"]:
        yield Tag("PERS", "its decisions touch people")
    if known["decision_role"] == "fully_automated" and known["significant_effect"]:
        yield Tag("ADM", "it decides alone, with a significant effect on people")
    if Subject.CREDIT in about:
        yield Tag("CREDIT", "it decides about credit")
    if Subject.PAY in about:
        yield Tag("PAY", "it decides about pay")
    if Subject.EMPLOYMENT in about and known["in_new_york_city"]:
        yield Tag("NYC-AEDT", "it decides about employment in New York City")
    if known["origin"] in (Origin.VENDOR, Origin.EMBEDDED):
        yield Tag("VENDOR", "it comes from a vendor")
    elif known["model_kind"] == ModelKind.BLACK_BOX:
        yield Tag("VENDOR", "it is a vendor's black box")
    if known["adaptation_mode"] in (Adaptation.TRIGGERED, Adaptation.ONLINE):
        yield Tag("ADAPT", "it changes without being asked")
    if known["lifecycle"] in _IN_USE:
        yield Tag("IN-USE", "it is in use")
    if known["lifecycle"] in _ENDED:
        yield Tag("RETIRED", "it is or is being decommissioned")


def _widened(places: list[str]) -> list[str]:
    """Add the country of each region, and the EU for its states."""
    wide = {*places, *(place.partition("-")[0] for place in places)}
    if "US-NYC" in wide:
        wide.add("US-NY")
    return sorted(wide | {"EU"} if wide & EU_STATES else wide)


def _eu_places(places: list[str]) -> list[str]:
    return [place for place in places if place in EU_STATES] or ["EU"]


def _in_eu(places: list[str]) -> bool | None:
    return None if not places else "EU" in _widened(places)


def _in_new_york_city(places: list[str]) -> bool | None:
    """A bare US leaves it open; the state counts, because a job there may be in the city."""
    if {"US-NYC", "US-NY"} & set(places):
        return True
    return None if not places or "US" in places else False


def _touches_people(groups: list[str] | None, answers: Mapping[str, Any]) -> bool | None:
    if answers.get("significant_effect_on_people"):
        return True
    return None if groups is None else groups != [Group.NONE]


def _eu_high_risk(eu_class: str | None, answers: Mapping[str, Any]) -> bool | None:
    if eu_class in (EuClass.ANNEX_III, EuClass.ANNEX_I):
        return True
    # An answer to the tier's question is worth no less than a class that says otherwise.
    answered: bool | None = answers.get("eu_high_risk")
    return answered or (answered if eu_class is None else False)
