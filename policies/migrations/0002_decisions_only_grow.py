"""What was decided or found stays as it was."""

from django.db import migrations

INSERT_ONLY = [
    "policies_policyversion",
    "policies_decision",
    "policies_gateresult",
    "policies_controlresult",
]


def insert_only(table):
    return (
        f"CREATE TRIGGER {table}_is_insert_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION muster_refuse_change();"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("policies", "0001_policies_tables"),
        ("registry", "0002_clock_insert_only_and_audit_chain"),
    ]

    operations = [
        migrations.RunSQL(insert_only(table), f"DROP TRIGGER {table}_is_insert_only ON {table}")
        for table in INSERT_ONLY
    ]
