"""Write the OpenAPI document of the API as it is kept in Git."""

import json


def document() -> str:
    """Return the document with its keys in order, so that a diff shows what changed."""
    # Django must be set up before these can be imported.
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.renderers import OpenApiJsonRenderer

    schema = SchemaGenerator().get_schema(public=True)
    plain = json.loads(OpenApiJsonRenderer().render(schema, renderer_context={}))
    return json.dumps(plain, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
