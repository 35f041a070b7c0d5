"""Hash each audit event as a text in which no cell can be moved across a border unseen.

The cells were joined by a separator that a cell may itself hold. Each is now written with its
length before it (a netstring), and the link's key is its place in the chain, so that a link has no
cell outside the hash. The chain that exists is proved once more with the old text, then computed
anew; a chain that does not fit is not touched and the migration stops (docs/adr/0002).
"""

from django.db import migrations, models

# Whoever writes an event holds a lock that this one waits for, and those who come later wait in
# turn: no commit can append a link of the old kind behind our back.
STAND_STILL = "LOCK TABLE registry_auditevent, registry_auditlink IN SHARE ROW EXCLUSIVE MODE"

PROVE = """
DO $$
DECLARE
    broken bigint;
BEGIN
    SELECT min(link.sequence) INTO broken
    FROM (
        SELECT *, row_number() OVER walk AS place, lag(hash, 1, repeat('0', 64)) OVER walk AS head
        FROM registry_auditlink WINDOW walk AS (ORDER BY sequence)
    ) link
    LEFT JOIN registry_auditevent event ON event.id = link.event_id
    WHERE event.id IS NULL OR link.sequence <> link.place OR link.previous_hash <> link.head
        OR link.hash <> encode(sha256(convert_to(concat_ws(
            E'\\x1f', link.previous_hash, link.sequence, registry_audit_text(event)), 'UTF8')),
            'hex');
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'link % of the audit chain does not fit: nothing was changed', broken
            USING HINT = 'Find out who changed the audit before you migrate; a new chain would hide it.';
    END IF;
END
$$;
"""

TEXT = """
CREATE FUNCTION muster_netstring(cell text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(octet_length(cell)::text || ':' || cell || ',', '-,')
$$;

CREATE FUNCTION registry_audit_hash(previous text, place bigint, event registry_auditevent)
RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to(concat('muster-audit-2:',
        muster_netstring(previous), muster_netstring(place::text),
        muster_netstring(event.id::text), muster_netstring(registry_audit_time(event.at)),
        muster_netstring(event.actor_id::text), muster_netstring(event.actor_label),
        muster_netstring(event.action), muster_netstring(event.object_type),
        muster_netstring(event.object_id), muster_netstring(event.object_label),
        muster_netstring(event.unit_id::text), muster_netstring(event.request_id),
        muster_netstring(event.reason), muster_netstring(event.before::text),
        muster_netstring(event.after::text)), 'UTF8')), 'hex')
$$;
"""

# The era is written for years before Christ alone: without it an edited year could hide there.
TIME = """
CREATE FUNCTION registry_audit_time(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT replace(to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"AD'), 'AD', '')
$$;
"""

# Runs with the owner's rights, so it names where it looks: a temporary table of the service's
# role must not stand in for the chain.
LINK = """
CREATE OR REPLACE FUNCTION registry_link_audit_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    head_sequence bigint;
    head_hash text;
BEGIN
    PERFORM pg_advisory_xact_lock(7233801);
    SELECT sequence, hash INTO head_sequence, head_hash
        FROM registry_auditlink ORDER BY sequence DESC LIMIT 1;
    head_sequence := coalesce(head_sequence, 0) + 1;
    head_hash := coalesce(head_hash, repeat('0', 64));
    INSERT INTO registry_auditlink (sequence, event_id, previous_hash, hash) VALUES (
        head_sequence, NEW.id, head_hash, registry_audit_hash(head_hash, head_sequence, NEW));
    RETURN NULL;
END
$$;

DROP FUNCTION registry_audit_text(registry_auditevent);
"""

RECOMPUTE = """
ALTER TABLE registry_auditlink DISABLE TRIGGER registry_auditlink_is_insert_only;

DO $$
DECLARE
    link record;
    head text := repeat('0', 64);
    fresh text;
BEGIN
    FOR link IN
        SELECT sequence, event FROM registry_auditlink
        JOIN registry_auditevent event ON event.id = event_id ORDER BY sequence
    LOOP
        fresh := registry_audit_hash(head, link.sequence, link.event);
        UPDATE registry_auditlink SET previous_hash = head, hash = fresh
            WHERE sequence = link.sequence;
        head := fresh;
    END LOOP;
END
$$;

ALTER TABLE registry_auditlink ENABLE TRIGGER registry_auditlink_is_insert_only;
"""


class Migration(migrations.Migration):
    dependencies = [("registry", "0005_integrity_faults")]

    # Not reversible: going back would mean to write the chain anew a second time.
    operations = [
        migrations.RunSQL(STAND_STILL),
        migrations.RunSQL(PROVE),
        migrations.RemoveField("auditlink", "id"),
        migrations.AlterField(
            "auditlink", "sequence", models.BigIntegerField(primary_key=True, serialize=False)
        ),
        migrations.RunSQL([TIME, TEXT, LINK]),
        migrations.RunSQL([RECOMPUTE]),
    ]
