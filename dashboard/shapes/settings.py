"""The fields of units, people, servers, channels, trainers and tokens."""

from dashboard.forms import Choices, Field, Group
from monitoring.models import Channel
from registry.access import Right
from registry.models.people import FleetRoleName, UnitRole

_SLUG = "Lower-case letters, digits and dashes; it stands in addresses and stays."
_KEPT = "Leave empty to keep what is stored; it is never shown."


def choices(options: type) -> Choices:
    """Return a choice class of Django's as choices of a field."""
    return tuple((str(value), str(label)) for value, label in options.choices)  # type: ignore[attr-defined]


def key(label: str = "Short name", kind: str = "text", hint: str = _SLUG) -> Field:
    """Return the field that names a new thing."""
    return Field("key", label, kind, hint, required=True, once=True)


def unit() -> list[Group]:
    """Return the form of a business unit."""
    return [Group("Unit", (key(), Field("name", "Name", required=True)))]


def me() -> list[Group]:
    """Return the form of what people change about themselves."""
    zone = Field("time_zone", "Time zone", help="Such as Europe/Berlin; times are shown in it.")
    return [Group("You", (zone,))]


def member() -> list[Group]:
    """Return the form that gives a person roles in one unit."""
    return [
        Group(
            "A person's roles here",
            (
                Field(
                    "email", "E-mail address", "email", "Of an account that exists.", required=True
                ),
                Field(
                    "roles", "Roles", "checkboxes", "None: no member any more.", choices(UnitRole)
                ),
            ),
        )
    ]


def person() -> list[Group]:
    """Return the form of an account."""
    roles = ", ".join(UnitRole.values)
    return [
        Group(
            "Account",
            (
                key("E-mail address", "email", "Signs in with it, and messages go there."),
                Field("name", "Name", required=True),
                Field("password", "Password", "password", _KEPT),
                Field(
                    "manager",
                    "Manager",
                    "email",
                    "E-mail address; for separation of duties.",
                    empty="null",
                ),
                Field("time_zone", "Time zone", help="Such as Europe/Berlin."),
                Field("is_active", "May sign in", "checkbox"),
            ),
        ),
        Group(
            "Rights",
            (
                Field(
                    "roles_text",
                    "Roles in units",
                    "lines",
                    f"As unit: role, separated by commas. Roles: {roles}.",
                ),
                Field(
                    "fleet_roles",
                    "Roles over all units",
                    "checkboxes",
                    choices=choices(FleetRoleName),
                ),
            ),
        ),
    ]


def server() -> list[Group]:
    """Return the form of an MLflow server."""
    return [
        Group(
            "MLflow server",
            (
                key(),
                Field(
                    "origin", "Address", "url", "Such as https://mlflow.example.com", required=True
                ),
                Field("workspace", "Workspace", help="Empty for the default one.", empty="blank"),
            ),
        ),
        Group(
            "How Muster signs in there",
            (
                Field("username", "User", empty="blank"),
                Field("password", "Password", "password", _KEPT),
                Field("token", "Token", "password", _KEPT),
                Field(
                    "ca_certificate",
                    "Certificate of its authority",
                    "textarea",
                    "PEM text; empty for the authorities this machine trusts.",
                    empty="blank",
                ),
                Field(
                    "webhook_secret",
                    "Secret of its webhooks",
                    "password",
                    "With it MLflow's webhooks make Muster look sooner. " + _KEPT,
                ),
            ),
        ),
    ]


# What stands in a channel's address and in its secret, by kind.
_ENDS = {
    Channel.Kind.MAIL: ("the mailbox", "none"),
    Channel.Kind.WEBHOOK: ("https://…", "what signs the messages (openssl rand -base64 32)"),
    Channel.Kind.SLACK: ("the channel's id, such as C0123ABCD", "the bot token, xoxb-…"),
    Channel.Kind.TEAMS: ("what people call the place", "the workflow's address"),
    Channel.Kind.PAGERDUTY: ("https://events.pagerduty.com, or .eu.", "the integration key"),
    Channel.Kind.OPSGENIE: ("https://api.opsgenie.com, or .eu.", "the integration's API key"),
    Channel.Kind.APPRISE: ("what people call the place", "Apprise's address, such as ntfys://…"),
}


def channel(units: Choices, kind: str = "") -> list[Group]:
    """Return the form of a unit's channel, of a known kind or of any."""
    kinds = [Channel.Kind(kind)] if kind else list(_ENDS)
    hints = ["", ""]
    for side in (0, 1):
        told = [f"{one.label}: {_ENDS[one][side]}" for one in kinds if _ENDS[one][side] != "none"]
        hints[side] = "; ".join(told)
    secret = Field("secret", "Secret", "password", f"{hints[1]}. {_KEPT}")
    return [
        Group(
            "Channel",
            (
                key(),
                Field("business_unit", "Unit", "select", choices=units, once=True),
                Field("kind", "Kind", "select", choices=choices(Channel.Kind), once=True),
                Field("address", "Address", help=f"{hints[0]}.", required=True),
                *([secret] if hints[1] else []),
                Field("hears", "Hears", "select", choices=choices(Channel.Hears)),
                Field("enabled", "In use", "checkbox"),
            ),
        )
    ]


def trainer(units: Choices) -> list[Group]:
    """Return the form of a trainer."""
    made = "For example the output of: openssl rand -base64 32."
    return [
        Group(
            "Trainer",
            (
                key(),
                Field("business_unit", "Unit", "select", choices=units, once=True),
                Field("url", "Address", "url", "Gets a signed request to retrain.", required=True),
                Field("secret", "Secret", "password", f"{made} {_KEPT}"),
            ),
        )
    ]


def token(units: Choices) -> list[Group]:
    """Return the form of an API token."""
    everything = (("", "All my units"), *units)
    scopes = tuple((right.value, words_of(right)) for right in Right)
    return [
        Group(
            "New token",
            (
                Field("name", "What for", help="Such as: nightly training job.", required=True),
                Field("business_unit", "Only in", "select", choices=everything, empty="null"),
                Field("days", "Days it holds", "number", "1 to 366."),
                Field(
                    "scopes",
                    "Only with these rights",
                    "checkboxes",
                    "None chosen: all of yours.",
                    scopes,
                ),
            ),
        )
    ]


def words_of(right: Right) -> str:
    """Name a right."""
    return right.value.replace("_", " ")
