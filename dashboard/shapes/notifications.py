"""The fields of how people and units are told, and of a silence."""

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


def silence() -> list[Group]:
    """Return the form of a new silence."""
    return [
        Group(
            "What",
            (
                Field("model", "Model", help="Its short name; empty for a whole unit."),
                Field("check", "Check", help="Empty: all checks of the model."),
                Field("business_unit", "Unit", help="Only when no model is named; for its admins."),
            ),
        ),
        Group(
            "When and why",
            (
                Field("first_day", "From", "date", "Empty: now.", short=True),
                Field("last_day", "Until the end of", "date", required=True, short=True),
                Field("reason", "Why", required=True),
            ),
        ),
    ]
