"""Insert-only tables, revisions of which only the end is set, and the history kept so far."""

from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

INSERT_ONLY = ["registry_scopedecision"]

# What a revision said stays; the next one only ends it.
REVISIONS = """
CREATE FUNCTION registry_end_revision_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NOT upper_inf(OLD.validity) OR upper_inf(NEW.validity)
        OR lower(OLD.validity) IS DISTINCT FROM lower(NEW.validity)
        OR to_jsonb(OLD) - 'validity' IS DISTINCT FROM to_jsonb(NEW) - 'validity'
    THEN
        RAISE EXCEPTION 'registry_modelrevision keeps what it holds: % refused', TG_OP
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER registry_modelrevision_is_kept BEFORE UPDATE OR DELETE ON registry_modelrevision
    FOR EACH ROW EXECUTE FUNCTION registry_end_revision_only();
"""


def insert_only(table):
    return (
        f"CREATE TRIGGER {table}_is_insert_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION muster_refuse_change();"
    )


def keep_history(apps, schema_editor):
    """Rebuild the revisions of known models from the audit, which kept every change."""
    RegisteredModel = apps.get_model("registry", "RegisteredModel")
    AuditEvent = apps.get_model("registry", "AuditEvent")
    ModelRevision = apps.get_model("registry", "ModelRevision")
    for model in RegisteredModel.objects.all():
        events = AuditEvent.objects.filter(
            object_type="registeredmodel",
            object_id=str(model.pk),
            action__in=("model.registered", "model.changed"),
        )
        snapshot, found = {}, []
        for event in events.order_by("pk"):
            snapshot = {**snapshot, **(event.after or {})}
            found.append((event, snapshot))
        for number, (event, said) in enumerate(found, start=1):
            until = found[number][0].at if number < len(found) else None
            ModelRevision.objects.create(
                model=model,
                number=number,
                validity=DateTimeTZRange(event.at, until),
                unit_id=event.unit_id or model.unit_id,
                snapshot=said,
                by_id=event.actor_id,
                reason=event.reason,
            )
        RegisteredModel.objects.filter(pk=model.pk).update(computed_tier=model.tier)


class Migration(migrations.Migration):
    dependencies = [("registry", "0003_governance_tables")]

    operations = [
        migrations.RunPython(keep_history, migrations.RunPython.noop),
        migrations.RunSQL(
            REVISIONS,
            "DROP TRIGGER registry_modelrevision_is_kept ON registry_modelrevision;"
            "DROP FUNCTION registry_end_revision_only()",
        ),
        *[
            migrations.RunSQL(insert_only(table), f"DROP TRIGGER {table}_is_insert_only ON {table}")
            for table in INSERT_ONLY
        ],
    ]
