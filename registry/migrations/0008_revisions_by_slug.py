"""An index for a page of the inventory of a past day, in the order of the slugs of then."""

from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform


class Migration(migrations.Migration):
    dependencies = [("registry", "0007_sign_in_counters")]

    operations = [
        migrations.AddIndex(
            model_name="modelrevision",
            index=models.Index(KeyTextTransform("slug", "snapshot"), name="revisions_by_slug"),
        ),
    ]
