"""The database's own promises: one clock, tables that only grow, and the audit chain."""

from django.db import migrations

INSERT_ONLY = [
    "registry_auditevent",
    "registry_auditlink",
    "registry_tierassessment",
    "registry_modelevent",
    "registry_eventanswer",
    "registry_aliasevent",
]

# Tests move the clock of a session with SET muster.clock_offset = '1 hour'.
CLOCK = """
CREATE FUNCTION muster_now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT clock_timestamp()
        + coalesce(nullif(current_setting('muster.clock_offset', true), ''), '0')::interval
$$;
"""

REFUSE = """
CREATE FUNCTION muster_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
"""

# Deferred, so that the lock on the chain's head is held only while a transaction commits.
CHAIN = """
CREATE FUNCTION registry_audit_text(event registry_auditevent) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT concat_ws(E'\\x1f',
        event.id, to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        coalesce(event.actor_id::text, '-'), event.actor_label, event.action,
        event.object_type, event.object_id, event.object_label,
        coalesce(event.unit_id::text, '-'), event.request_id, event.reason,
        coalesce(event.before::text, '-'), coalesce(event.after::text, '-'))
$$;

CREATE FUNCTION registry_link_audit_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    head_sequence bigint;
    head_hash text;
BEGIN
    PERFORM pg_advisory_xact_lock(7233801);
    SELECT sequence, hash INTO head_sequence, head_hash
        FROM registry_auditlink ORDER BY sequence DESC LIMIT 1;
    head_sequence := coalesce(head_sequence, 0);
    head_hash := coalesce(head_hash, repeat('0', 64));
    INSERT INTO registry_auditlink (sequence, event_id, previous_hash, hash) VALUES (
        head_sequence + 1, NEW.id, head_hash,
        encode(sha256(convert_to(
            head_hash || E'\\x1f' || (head_sequence + 1) || E'\\x1f' || registry_audit_text(NEW),
            'UTF8')), 'hex'));
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER audit_event_is_linked AFTER INSERT ON registry_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_link_audit_event();
"""


def insert_only(table):
    return (
        f"CREATE TRIGGER {table}_is_insert_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION muster_refuse_change();"
    )


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_registry_tables")]

    operations = [
        migrations.RunSQL(CLOCK, "DROP FUNCTION muster_now()"),
        migrations.RunSQL(REFUSE, "DROP FUNCTION muster_refuse_change()"),
        migrations.RunSQL(
            CHAIN,
            "DROP FUNCTION registry_link_audit_event() CASCADE;"
            "DROP FUNCTION registry_audit_text(registry_auditevent);",
        ),
        *[
            migrations.RunSQL(insert_only(table), f"DROP TRIGGER {table}_is_insert_only ON {table}")
            for table in INSERT_ONLY
        ],
    ]
