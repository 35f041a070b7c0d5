"""A password that somebody else set: its person chooses anew and is told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("registry", "0010_points_read_at")]

    operations = [
        migrations.AddField(
            model_name="person",
            name="must_choose_password",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="person",
            name="password_set_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="person",
            name="password_notice_due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddIndex(
            model_name="person",
            index=models.Index(
                fields=["password_notice_due_at"],
                condition=models.Q(password_notice_due_at__isnull=False),
                name="person_password_notice_due",
            ),
        ),
    ]
