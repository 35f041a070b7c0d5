"""A record is tied to a model of MLflow only if the model's tags leave it to the record's unit."""

import pytest

from registry import access, actors, claims
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tags", "tied"),
    [
        ({}, True),
        ({"muster.unit": "telecom"}, True),
        ({"muster.unit": "lending"}, False),
        ({"bu": "lending"}, False),
        ({"muster.unit": "lending", "bu": "telecom"}, False),
        ({"muster.unit": "", "bu": "lending"}, False),
        ({"muster.unit": "no-unit-of-ours", "bu": "lending"}, True),
        ({"muster.unit": "telecom", "bu": "lending"}, True),
        ({"muster.unit": "no-unit-of-ours"}, True),
    ],
)
def test_who_claims_a_name_beforehand_does_not_get_another_units_model(tags, tied):
    telecom = factories.UnitFactory.create(slug="telecom")
    factories.UnitFactory.create(slug="lending")
    server = factories.MLflowServerFactory.create()
    model = factories.RegisteredModelFactory.create(
        unit=telecom, mlflow_server=server, mlflow_name="later"
    )
    source = factories.SourceModelFactory.create(server=server, name="later", tags=tags)
    assert claims.tie_server(server, at=factories.NOW) == int(tied)
    source.refresh_from_db()
    assert (source.registered_model == model) is tied
    claims.tie_model(model, at=factories.NOW)
    source.refresh_from_db()
    assert (source.registered_model == model) is tied
    assert (claims.stranger(server, "later", telecom) is None) is tied


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"bu": "lending"},
        {"muster.unit": "lending", "bu": "telecom"},
        {"muster.unit": "telecom", "bu": "lending"},
        {"muster.unit": "", "bu": "lending"},
    ],
)
def test_discovery_reads_the_tags_as_the_claim_does(tags):
    source = factories.SourceModelFactory.create(tags=tags)

    shown = access.visible_sources(actors.system("test")).get(pk=source.pk)

    assert shown.unit_tag == access.unit_named(tags)
