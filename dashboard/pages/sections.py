"""The sections of the settings: what each lists, loads and saves, through the API's operations."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard import words
from dashboard.forms import Group
from dashboard.queries import settings as read
from dashboard.shapes import settings as shapes
from monitoring import channels as channel_operations
from monitoring.models import Channel
from policies.models import Trainer
from policies.retraining import trainers as trainer_operations
from registry import access, catalogue
from registry.access import Right
from registry.actors import Actor
from registry.models import BusinessUnit, MLflowServer, Person
from registry.problems import invalid

Row = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """One kind of thing that administrators keep."""

    key: str
    title: str
    single: str
    columns: tuple[str, ...]
    kind: Any  # the model class of one thing ...
    rows: Callable[[Actor, str], list[Row]]  # each {"key", "cells", "note"}
    load: Callable[[Actor, str], Row]  # the form's values of a known thing
    form: Callable[[Actor], list[Group]]  # of a new thing, and of a known one ...
    save: Callable[[Actor, str, Row, datetime], Any]
    may_add: Callable[[Actor], bool]
    empty: str
    right: Right = Right.MANAGE_PLATFORM  # what changing one needs ...
    unit_of: Callable[[Actor, str], BusinessUnit | None] = lambda actor, key: None  # ... and where
    form_of: Callable[[Actor, str], list[Group]] | None = None  # ... unless it has its own
    searched: bool = False
    named: str = "slug"  # ... and its column that the address names it by

    def groups(self, actor: Actor, key: str) -> list[Group]:
        """Return the form of a thing, or of a new one."""
        return self.form_of(actor, key) if key and self.form_of else self.form(actor)

    @property
    def one(self) -> str:
        """Return the single thing with its article, as it is spoken."""
        spoken = "an" if self.single[0] in "aeioMFLNRS" else "a"  # "an MLflow server"
        return f"{spoken} {self.single}"


def _platform(actor: Actor) -> bool:
    return access.can(actor, Right.MANAGE_PLATFORM, None)


def _somewhere(actor: Actor) -> bool:
    return bool(read.unit_choices(actor, Right.MANAGE_UNIT))


def _units(actor: Actor, search: str) -> list[Row]:
    return [
        {"key": u.slug, "cells": [u.slug, u.name, str(u.n_models), str(u.n_people)], "note": ""}
        for u in read.units(actor)
    ]


def _people(actor: Actor, search: str) -> list[Row]:
    rows = []
    for found in read.people(actor, search)[: read.PAGE]:
        roles = [f"{m.unit.slug}: {m.role}" for m in found.memberships.all()]
        roles += [role.get_role_display() for role in found.fleet_roles.all()]
        note = "" if found.is_active else "may not sign in"
        rows.append(
            {"key": found.email, "cells": [found.email, found.name, ", ".join(roles)], "note": note}
        )
    return rows


def _load_person(actor: Actor, email: str) -> Row:
    found = read.people(actor, "").select_related("manager").get(email=email)
    return {
        "name": found.name,
        "manager": found.manager.email if found.manager else "",
        "time_zone": found.time_zone,
        "is_active": found.is_active,
        "roles_text": [f"{m.unit.slug}: {m.role}" for m in found.memberships.all()],
        "fleet_roles": [role.role for role in found.fleet_roles.all()],
    }


def _save_person(actor: Actor, email: str, body: Row, at: datetime) -> Any:
    pairs = [part.partition(":") for part in body.pop("roles_text", [])]
    if wrong := [unit for unit, colon, _ in pairs if not colon]:
        raise invalid(
            "/roles_text", "unreadable", f"'{wrong[0][:60]}' lacks its role", "fraud: owner"
        )
    body["memberships"] = [
        {"business_unit": unit.strip(), "role": role.strip()} for unit, _, role in pairs
    ]
    return catalogue.put_person(actor, email, body, at=at)


def _servers(actor: Actor, search: str) -> list[Row]:
    return [
        {
            "key": s.slug,
            "cells": [s.slug, s.origin, s.workspace, words.moment(s.swept_at)],
            "note": f"since {words.moment(s.fault_since)}: {s.fault}" if s.fault else "",
        }
        for s in read.servers(actor)
    ]


def _load_server(actor: Actor, slug: str) -> Row:
    found = read.servers(actor).get(slug=slug)
    return {
        "origin": found.origin,
        "workspace": found.workspace,
        "username": found.username,
        "ca_certificate": found.ca_certificate,
    }


def _channels(actor: Actor, search: str) -> list[Row]:
    return [
        {
            "key": c.slug,
            "cells": [c.slug, c.unit.name if c.unit else "", c.get_kind_display(), c.address],
            "note": _state(c),
        }
        for c in read.channels(actor)
    ]


def _state(channel: Channel) -> str:
    if channel.disabled_at:
        return f"switched off: {channel.disabled_reason}"
    if channel.failing_since:
        return (
            f"nothing gets through since {words.moment(channel.failing_since)}: {channel.failure}"
        )
    return "critical news only" if channel.hears == Channel.Hears.CRITICAL else ""


def _load_channel(actor: Actor, slug: str) -> Row:
    found = read.channels(actor).get(slug=slug)
    return {
        "address": found.address,
        "hears": found.hears,
        "enabled": found.disabled_at is None,
    }


def _save_channel(actor: Actor, slug: str, body: Row, at: datetime) -> Any:
    return channel_operations.put_channel(actor, slug, body, at=at)


def _trainers(actor: Actor, search: str) -> list[Row]:
    return [
        {"key": t.slug, "cells": [t.slug, t.unit.name, t.url], "note": ""}
        for t in read.trainers(actor)
    ]


def _manageable(actor: Actor) -> read.Choices:
    return read.unit_choices(actor, Right.MANAGE_UNIT)


SECTIONS = {
    section.key: section
    for section in (
        Section(
            *("units", "Business units", "business unit", ("Unit", "Name", "Models", "People")),
            kind=BusinessUnit,
            rows=_units,
            load=lambda actor, slug: {"name": read.unit(actor, slug).name},
            form=lambda actor: shapes.unit(),
            save=lambda actor, slug, body, at: catalogue.put_unit(actor, slug, body, at=at),
            may_add=_platform,
            empty="There is no unit yet. Make one, then give people roles in it.",
        ),
        Section(
            *("people", "People", "person", ("E-mail address", "Name", "Roles")),
            kind=Person,
            named="email",
            rows=_people,
            load=_load_person,
            form=lambda actor: shapes.person(),
            save=_save_person,
            may_add=_platform,
            empty="Nobody has this name or address.",
            searched=True,
        ),
        Section(
            *("servers", "MLflow servers", "MLflow server"),
            columns=("Server", "Address", "Workspace", "Read last"),
            kind=MLflowServer,
            rows=_servers,
            load=_load_server,
            form=lambda actor: shapes.server(),
            save=lambda actor, slug, body, at: catalogue.put_server(actor, slug, body, at=at),
            may_add=_platform,
            empty="No MLflow server is known, so no model's versions can be seen.",
        ),
        Section(
            *("channels", "Channels", "channel", ("Channel", "Unit", "Kind", "Address")),
            kind=Channel,
            rows=_channels,
            load=_load_channel,
            form=lambda actor: shapes.channel(_manageable(actor)),
            form_of=lambda actor, slug: shapes.channel(
                _manageable(actor), read.channels(actor).get(slug=slug).kind
            ),
            save=_save_channel,
            may_add=_somewhere,
            empty="No unit has a channel yet. Owners and deputies get mail without one.",
            right=Right.MANAGE_UNIT,
            unit_of=lambda actor, slug: read.channels(actor).get(slug=slug).unit,
        ),
        Section(
            *("trainers", "Trainers", "trainer", ("Trainer", "Unit", "Address")),
            kind=Trainer,
            rows=_trainers,
            load=lambda actor, slug: {"url": read.trainers(actor).get(slug=slug).url},
            form=lambda actor: shapes.trainer(_manageable(actor)),
            save=lambda actor, slug, body, at: trainer_operations.put_trainer(
                actor, slug, body, at=at
            ),
            may_add=_somewhere,
            empty="No trainer is known, so no policy can have a model retrained.",
            right=Right.MANAGE_UNIT,
            unit_of=lambda actor, slug: read.trainers(actor).get(slug=slug).unit,
        ),
    )
}
