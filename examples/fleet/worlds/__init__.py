"""The worlds by name; each is made when it is asked for, since some read real tables."""

from __future__ import annotations

from importlib import import_module
from typing import Any, cast

from examples.fleet.worlds.world import World


def build(name: str, *, rows: int) -> World:
    """Make the world called `module.function` with `rows` rows a week."""
    return cast(World, _maker(name)(rows))


def describe(name: str) -> str:
    """Say in a sentence what the rows of a world are."""
    return str(_maker(name).__doc__).partition("\n")[0]


def _maker(name: str) -> Any:
    module, _, function = name.partition(".")
    return getattr(import_module(f"examples.fleet.worlds.{module}"), function)
