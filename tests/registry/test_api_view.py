"""Addresses and the OpenAPI document that the parent of all API views makes."""

import pytest
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

pytestmark = pytest.mark.urls("tests.registry.urls")


def test_an_address_is_written_with_its_last_slash():
    assert reverse("api-model", kwargs={"key": "churn"}) == "/api/v1/models/churn/"


def test_the_openapi_document_is_valid_and_describes_bodies_answers_and_problems(capsys):
    schema = SchemaGenerator(urlconf="tests.registry.urls").get_schema(public=True)
    put = schema["paths"]["/api/v1/models/{key}/"]["put"]

    validate_schema(schema)
    assert capsys.readouterr().err == ""
    assert put["operationId"] == "put_a_model"
    assert put["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("ModelBody")
    assert set(put["responses"]) == {
        *("200", "201", "308", "400", "401", "403", "404", "412", "413", "415", "429")
    }
    assert "application/problem+json" in put["responses"]["400"]["content"]
    listed = schema["paths"]["/api/v1/models/"]["get"]
    assert {p["name"] for p in listed["parameters"]} >= {"tier__lte", "tag", "limit", "cursor"}
