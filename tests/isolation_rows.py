"""One row a route: what kind of thing it shows, and how to address ours.

Kinds: `object` (belongs to a unit: 404 for others), `own` (belongs to one person: 404 for all
others but platform admins), `list` (shows what one may see), `platform` (no unit: changed by
platform admins only), `self` (one's own things), `public` (before sign-in).
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.world import World


@dataclass(frozen=True)
class Row:
    kind: str
    values: Callable[[World], dict[str, object]] = lambda world: {}
    needs_more: bool = False  # the owner of a model may lack the right to see this
    # Only a platform admin may make one: others are refused alike whether it exists or not.
    made_by_platform: bool = False


def model(world: World) -> dict[str, object]:
    return {"key": world.model.slug, "slug": world.model.slug}


def unit(world: World) -> dict[str, object]:
    return {"slug": world.unit.slug}


def member(world: World) -> dict[str, object]:
    return {"slug": world.unit.slug, "email": world.owner.email}


def version(world: World) -> dict[str, object]:
    return {**model(world), "number": world.version.number}


def incident(world: World) -> dict[str, object]:
    return {"number": world.incident.pk}


def silence(world: World) -> dict[str, object]:
    return {"number": world.model.silences.get().pk}


def judged(world: World) -> dict[str, object]:
    return {**model(world), "run": world.run.pk, "number": world.run.pk}


def expected(world: World) -> dict[str, object]:
    key = world.check.expectations.get().pk
    return {**model(world), "check": world.check.slug, "number": key}


def forecast(world: World) -> dict[str, object]:
    return {**model(world), "check": world.check.slug}


def found(world: World) -> dict[str, object]:
    return {"key": world.server.source_models.get(registered_model=None).pk}


def operation(world: World) -> dict[str, object]:
    return {"key": world.owner.operations.get().uuid}


REGISTRY = {
    "api/v1/me/": Row("self"),
    "api/v1/me/notifications/": Row("self"),
    "api/v1/business-units/<slug>/notifications/": Row("object", unit),
    "api/v1/business-units/": Row("list"),
    "api/v1/business-units/<slug>/": Row("object", unit, made_by_platform=True),
    "api/v1/business-units/<slug>/members/<email>/": Row("object", member),
    "api/v1/people/": Row("list"),
    "api/v1/people/<email>/": Row("platform", lambda w: {"email": w.owner.email}),
    "api/v1/mlflow-servers/": Row("platform"),
    "api/v1/mlflow-servers/<slug>/": Row("platform", lambda w: {"slug": w.server.slug}),
    # Signed by MLflow instead of signed in: tests/registry/inventory/test_doorbell.py.
    "api/v1/mlflow-servers/<slug>/webhook/": Row("public"),
    "api/v1/models/": Row("list"),
    "api/v1/models/bulk/": Row("list"),
    "api/v1/models/<key>/": Row("object", model),
    "api/v1/models/<key>/versions/": Row("object", model),
    "api/v1/models/<key>/integrity/": Row("object", model),
    "api/v1/models/<key>/versions/<number>/": Row("object", version),
    "api/v1/models/<key>/revisions/": Row("object", model),
    "api/v1/models/<key>/aliases/": Row("object", model),
    "api/v1/models/<key>/alias-events/": Row("object", model),
    "api/v1/exports/inventory/": Row("list"),
    "api/v1/models/<key>/metrics/": Row("object", model),
    "api/v1/discovery/": Row("list"),
    "api/v1/discovery/<key>/dismiss/": Row("object", found),
    "api/v1/discovery/<key>/restore/": Row("object", found),
    "api/v1/imports/mlflow/": Row("list"),
    "api/v1/imports/inventory/": Row("list"),
    "api/v1/operations/<key>/": Row("own", operation),
    "api/v1/operations/<key>/errors.csv": Row("own", operation),
    "api/v1/models/<key>/completeness/": Row("object", model),
    "api/v1/models/<key>/scope/": Row("object", model),
    "api/v1/models/<key>/scope/<regime>/": Row(
        "object", lambda w: {**model(w), "regime": "eu-ai-act"}
    ),
    "api/v1/models/<key>/tier-override/": Row("object", model),
    "api/v1/models/<key>/tier-override/approve/": Row("object", model),
    "api/v1/models/<key>/tier-override/end/": Row("object", model),
    "api/v1/regimes/": Row("list"),
    "api/v1/tokens/": Row("self"),
    "api/v1/tokens/<token_id>/": Row("self", lambda w: {"token_id": 0}),
    "api/v1/audit/": Row("list"),
}
ALERTS = {
    "api/v1/alerts/": Row("list"),
    "api/v1/alerts/<number>/": Row("object", lambda w: {"number": w.alert.pk}),
    "api/v1/incidents/": Row("list"),
    "api/v1/rules/": Row("list"),
    "api/v1/silences/": Row("list"),
    "api/v1/silences/<number>/": Row("object", silence),
    "api/v1/silences/<number>/agree/": Row("object", silence),
    "api/v1/silences/<number>/end/": Row("object", silence),
    "api/v1/incidents/<number>/": Row("object", incident),
    "api/v1/incidents/<number>/acknowledge/": Row("object", incident),
    "api/v1/incidents/<number>/close/": Row("object", incident),
    "api/v1/incidents/<number>/snooze/": Row("object", incident),
    "api/v1/incidents/<number>/wake/": Row("object", incident),
    "api/v1/incidents/<number>/assign/": Row("object", incident),
    "api/v1/incidents/<number>/escalate/": Row("object", incident),
    "api/v1/incidents/bulk/": Row("list"),
    "api/v1/deliveries/": Row("list"),
    "api/v1/deliveries/<number>/resend/": Row("object", lambda w: {"number": w.delivery.pk}),
    "api/v1/channels/": Row("list"),
    "api/v1/channels/<slug>/": Row("object", lambda w: {"slug": w.channel.slug}),
    "api/v1/channels/<slug>/test/": Row("object", lambda w: {"slug": w.channel.slug}),
    "api/v1/channels/<slug>/messages/": Row("object", lambda w: {"slug": w.channel.slug}),
    "api/v1/models/<key>/health/": Row("object", model),
    "api/v1/models/<key>/estimates/": Row("object", model),
}
WATCHING = {
    "api/v1/models/<key>/sources/": Row("object", model),
    "api/v1/models/<key>/sources/<name>/": Row(
        "object", lambda w: {**model(w), "name": w.source.name}
    ),
    "api/v1/models/<key>/sources/<name>/batches/": Row(
        "object", lambda w: {**model(w), "name": w.source.name}
    ),
    "api/v1/models/<key>/sources/<name>/labels/": Row(
        "object", lambda w: {**model(w), "name": w.source.name}
    ),
    "api/v1/models/<key>/checks/": Row("object", model),
    "api/v1/models/<key>/checks/<check>/": Row(
        "object", lambda w: {**model(w), "check": w.check.slug}
    ),
    "api/v1/models/<key>/contract/": Row("object", model),
    "api/v1/models/<key>/runs/": Row("object", model),
    "api/v1/runs/<run>/": Row("object", judged),
    "api/v1/runs/<run>/rejudge/": Row("object", judged),
    "api/v1/runs/<run>/report/": Row("object", judged),
    "api/v1/models/<key>/checks/<check>/forecast/": Row("object", forecast),
    "api/v1/models/<key>/checks/<check>/expectations/": Row("object", expected),
    "api/v1/models/<key>/checks/<check>/expectations/<number>/end/": Row("object", expected),
}
POLICIES = {
    "api/v1/policies/": Row("list"),
    "api/v1/policies/<slug>/": Row("object", lambda w: {"slug": w.policy.slug}),
    "api/v1/trainers/": Row("list"),
    "api/v1/trainers/<slug>/": Row("object", lambda w: {"slug": w.trainer.slug}),
    "api/v1/decisions/": Row("list"),
    "api/v1/jobs/": Row("list"),
    "api/v1/models/<key>/retraining/": Row("object", model),
    "api/v1/models/<key>/decisions/": Row("object", model),
    "api/v1/models/<key>/gates/": Row("object", model),
    "api/v1/models/<key>/controls/": Row("object", model),
}
DASHBOARD = {
    "api/v1/fleet/": Row("list"),
    "api/schema/": Row("public"),
    "api/docs/": Row("public"),
    "preferences/": Row("public"),
    # The signature is the right to act: tests/dashboard/test_links.py.
    "links/<token>/": Row("public"),
    "": Row("list"),
    "fleet/": Row("list"),
}
# For machines, without a sign-in; who may read the last two: tests/watcher/test_probes.py.
PROBES = {
    "healthz": Row("public"),
    "readyz": Row("public"),
    "progress": Row("public"),
    "metrics": Row("public"),
    "watcher/": Row("platform"),
}
SIGN_IN = {
    "sign-in/": Row("public"),
    "sign-in/code/": Row("public"),
    "sign-in/again/": Row("self"),
    "sign-in/again/code/": Row("self"),
    "sign-in/closed/": Row("public"),
    "sign-in/company/": Row("public"),
    "sign-in/company/back/": Row("public"),
    "sign-out/": Row("public"),
    "account/": Row("self"),
    "account/notifications/": Row("self"),
    "settings/units/<key>/notifications/": Row(
        "object", lambda w: {"key": w.unit.slug}, needs_more=True
    ),
    "account/password/": Row("self"),
    "account/app/": Row("self"),
    "account/app/remove/": Row("self"),
    "account/codes/": Row("self"),
    "account/codes/new/": Row("self"),
    "account/sign-out-elsewhere/": Row("self"),
}
PAGES = {
    "register/": Row("self"),
    "discovery/": Row("list"),
    "discovery/<number>/dismiss/": Row("object", lambda w: {"number": found(w)["key"]}),
    "import/": Row("list"),
    "import/picked/": Row("self"),
    "import/from/<slug>/": Row("object", lambda w: {"slug": w.server.slug}),
    "import/from/<slug>/map/": Row("object", lambda w: {"slug": w.server.slug}),
    "import/file/": Row("self"),
    "import/done/<key>/": Row("own", operation),
    "import/done/<key>/errors.csv": Row("own", operation),
    "m/<slug>/": Row("object", model),
    "m/<slug>/history/": Row("object", model),
    "inventory/": Row("list"),
    "m/<slug>/edit/": Row("object", model),
    "m/<slug>/tie/": Row("object", model),
    "m/<slug>/compare/": Row("object", model),
    "m/<slug>/record/": Row("object", model),
    "m/<slug>/record/<group>/": Row("object", lambda w: {**model(w), "group": "purpose"}),
    "m/<slug>/rulebooks/<regime>/": Row("object", lambda w: {**model(w), "regime": "eu-ai-act"}),
    "m/<slug>/tier/": Row("object", model),
    "m/<slug>/tier/answers/": Row("object", model),
    "m/<slug>/tier/approve/": Row("object", model),
    "m/<slug>/tier/end/": Row("object", model),
    "m/<slug>/sources/<name>/": Row("object", lambda w: {**model(w), "name": w.source.name}),
    "m/<slug>/sources/<name>/upload/": Row("object", lambda w: {**model(w), "name": w.source.name}),
    "m/<slug>/contract/": Row("object", model),
    "m/<slug>/checks/new/": Row("object", model),
    "m/<slug>/checks/<check>/": Row("object", lambda w: {**model(w), "check": w.check.slug}),
    "m/<slug>/checks/<check>/pause/": Row("object", lambda w: {**model(w), "check": w.check.slug}),
    "m/<slug>/runs/<number>/": Row("object", judged),
    "m/<slug>/runs/<number>/readings.csv": Row("object", judged),
    "m/<slug>/runs/<number>/again/": Row("object", judged),
    "m/<slug>/runs/<number>/expect/": Row("object", judged),
    "m/<slug>/runs/<number>/expect/<key>/end/": Row(
        "object", lambda w: {**judged(w), "key": expected(w)["number"]}
    ),
    "m/<slug>/runs/<number>/report/": Row("object", judged),
    "m/<slug>/runs/<number>/report/ask/": Row("object", judged),
    "alerts/": Row("list"),
    "incidents/": Row("list"),
    "silences/": Row("list"),
    "silences/<number>/agree/": Row("object", silence),
    "silences/<number>/end/": Row("object", silence),
    "alerts/rules/": Row("list"),
    "incidents/<number>/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/acknowledge/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/close/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/sheet.pdf": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/snooze/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/resend/<delivery>/": Row(
        "object", lambda w: {"number": w.incident.pk, "delivery": w.delivery.pk}, needs_more=True
    ),
    "incidents/<number>/escalate/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/wake/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/assign/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/<number>/retrain/": Row("object", lambda w: {"number": w.incident.pk}),
    "incidents/bulk/": Row("list"),
    "policies/": Row("list"),
    "policies/new/": Row("self"),
    "policies/<slug>/": Row("object", lambda w: {"slug": w.policy.slug}),
    "audit/": Row("list"),
    "settings/": Row("self"),
    "settings/tokens/": Row("self"),
    "settings/tokens/<number>/revoke/": Row("self", lambda w: {"number": 0}),
    "settings/units/": Row("list"),
    "settings/units/new/": Row("platform"),
    "settings/units/<key>/": Row("object", lambda w: {"key": w.unit.slug}),
    "settings/units/<key>/members/": Row("object", lambda w: {"key": w.unit.slug}),
    "settings/people/": Row("platform"),
    "settings/people/new/": Row("platform"),
    "settings/people/<key>/": Row("platform", lambda w: {"key": w.owner.email}),
    "settings/servers/": Row("platform"),
    "settings/servers/new/": Row("platform"),
    "settings/servers/<key>/": Row("platform", lambda w: {"key": w.server.slug}),
    "settings/channels/": Row("list"),
    "settings/channels/new/": Row("self"),
    "settings/channels/<key>/": Row("object", lambda w: {"key": w.channel.slug}),
    "settings/channels/<key>/test/": Row("object", lambda w: {"key": w.channel.slug}),
    "settings/trainers/": Row("list"),
    "settings/trainers/new/": Row("self"),
    "settings/trainers/<key>/": Row("object", lambda w: {"key": w.trainer.slug}),
}
ROWS: dict[str, Row] = {
    **PROBES,
    **REGISTRY,
    **WATCHING,
    **ALERTS,
    **POLICIES,
    **DASHBOARD,
    **SIGN_IN,
    **PAGES,
}
