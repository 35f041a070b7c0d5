"""What was sent, tried or given up so far gets the message it travelled in, one for each row."""

from django.db import migrations, models

# The key stays what it was: a repeat of what an older release had tried is known by it.
_MESSAGES = """
INSERT INTO monitoring_message
    (channel_id, kind, incident_id, key, interrupts, content, state, made_at, due_at,
     lease_until, lease_token, attempts, sent_at, receipt, error)
SELECT d.channel_id, 'news', a.incident_id, d.idempotency_key, true, NULL, d.state, d.owed_at,
       d.due_at, NULL, d.lease_token, d.attempts, d.sent_at, d.receipt, d.error
FROM monitoring_delivery d JOIN monitoring_alert a ON a.id = d.alert_id
WHERE d.message_id IS NULL AND (d.state <> 'owed' OR d.attempts > 0);

UPDATE monitoring_delivery d SET message_id = m.id
FROM monitoring_message m
WHERE d.message_id IS NULL AND m.key = d.idempotency_key;

SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0008_more_ways_to_be_told")]

    operations = [
        migrations.RunSQL(_MESSAGES, migrations.RunSQL.noop),
        migrations.RemoveIndex(model_name="delivery", name="delivery_due"),
        *(
            migrations.RemoveField(model_name="delivery", name=name)
            for name in (
                "attempts",
                "error",
                "lease_token",
                "lease_until",
                "receipt",
                "sent_at",
            )
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "owed")),
                fields=["channel", "id"],
                name="messages_on_their_way",
            ),
        ),
    ]
