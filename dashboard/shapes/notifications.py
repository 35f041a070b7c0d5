"""The fields of how people and units are told."""

from dashboard.forms import Field, Group


def mine() -> list[Group]:
    """Return the form of a person's own setting."""
    return [
        Group(
            "Quiet hours",
            (
                Field("quiet_from", "From", "time", "News waits from here", short=True),
                Field("quiet_until", "Until", "time", "to here; equal times: never.", short=True),
                Field("quiet_weekends", "Quiet on Saturday and Sunday too", "checkbox"),
            ),
        ),
        Group(
            "Digest",
            (
                Field("digest_at", "Comes at", "time", short=True),
                Field(
                    "interruptions",
                    "Interruptions in 12 hours",
                    "number",
                    "At most; what is more goes into the digest.",
                ),
                Field("watch_in_digest", "Only critical news interrupts me", "checkbox"),
            ),
        ),
        Group("Reports", (Field("weekly_report", "Each Monday: my models' week", "checkbox"),)),
    ]


def of_unit() -> list[Group]:
    """Return the form of a unit's setting."""
    return [
        Group(
            "Limits on noise",
            (
                Field("quiet_hours", "People's quiet hours hold", "checkbox"),
                Field("budgets", "People's budgets of interruptions hold", "checkbox"),
                Field("monthly_report", "A report to the unit's admins on the first", "checkbox"),
            ),
        )
    ]
