"""Readings, partitioned by month; versions of checks and contracts only grow."""

import django.db.models.deletion
from django.db import migrations, models

READINGS = """
CREATE TABLE monitoring_reading (
    at timestamptz NOT NULL,
    run_id bigint NOT NULL REFERENCES monitoring_run (id) DEFERRABLE INITIALLY DEFERRED,
    feature varchar(250) NOT NULL,
    segment varchar(250) NOT NULL,
    method varchar(40) NOT NULL,
    method_version varchar(40) NOT NULL,
    value double precision,
    p_value double precision,
    n_reference bigint,
    n_current bigint,
    "limit" double precision,
    direction varchar(3) NOT NULL,
    crossed boolean NOT NULL,
    note text NOT NULL,
    PRIMARY KEY (at, run_id, feature, segment, method)
) PARTITION BY RANGE (at);

-- Serves the run page: all readings of one run.
CREATE INDEX reading_of_run ON monitoring_reading (run_id);

-- The service may not create tables; it calls this before it writes a month's first reading.
CREATE FUNCTION monitoring_ensure_partition(moment timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    first_day timestamp := date_trunc('month', moment AT TIME ZONE 'UTC');
    name text := 'monitoring_reading_' || to_char(first_day, 'YYYY_MM');
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    PERFORM pg_advisory_xact_lock(7233802);
    EXECUTE format(
        'CREATE TABLE IF NOT EXISTS %I PARTITION OF monitoring_reading FOR VALUES FROM (%L) TO (%L)',
        name, first_day AT TIME ZONE 'UTC', (first_day + interval '1 month') AT TIME ZONE 'UTC');
END
$$;
"""

INSERT_ONLY = ["monitoring_checkversion", "monitoring_contractversion"]


def insert_only(table):
    return (
        f"CREATE TRIGGER {table}_is_insert_only BEFORE UPDATE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION muster_refuse_change();"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0001_monitoring_tables"),
        ("registry", "0002_clock_insert_only_and_audit_chain"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    READINGS,
                    "DROP FUNCTION monitoring_ensure_partition(timestamptz);"
                    "DROP TABLE monitoring_reading;",
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Reading",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "at",
                                "run_id",
                                "feature",
                                "segment",
                                "method",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("at", models.DateTimeField()),
                        ("feature", models.CharField(max_length=250)),
                        ("segment", models.CharField(blank=True, default="", max_length=250)),
                        ("method", models.CharField(max_length=40)),
                        ("method_version", models.CharField(max_length=40)),
                        ("value", models.FloatField(null=True)),
                        ("p_value", models.FloatField(null=True)),
                        ("n_reference", models.BigIntegerField(null=True)),
                        ("n_current", models.BigIntegerField(null=True)),
                        ("limit", models.FloatField(null=True)),
                        ("direction", models.CharField(max_length=3)),
                        ("crossed", models.BooleanField()),
                        ("note", models.TextField(blank=True, default="")),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="readings",
                                to="monitoring.run",
                            ),
                        ),
                    ],
                )
            ],
        ),
        *[
            migrations.RunSQL(insert_only(table), f"DROP TRIGGER {table}_is_insert_only ON {table}")
            for table in INSERT_ONLY
        ],
    ]
