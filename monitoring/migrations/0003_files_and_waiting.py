"""Remember when a landed file changed, and which labels a waiting window was tried with."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_readings_by_month")]

    operations = [
        migrations.AddField(
            model_name="batch",
            name="modified",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="labelset",
            name="modified",
            field=models.CharField(blank=True, default="", max_length=60),
        ),
        migrations.AddField(
            model_name="window",
            name="tried_labels",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="window",
            name="completeness",
            field=models.FloatField(blank=True, null=True),
        ),
    ]
