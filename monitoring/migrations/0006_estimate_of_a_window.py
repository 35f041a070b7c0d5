"""What a window lets one expect until its labels are there."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("monitoring", "0005_more_ways_to_look"),
    ]

    operations = [
        migrations.AddField(
            model_name="window",
            name="estimate",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
