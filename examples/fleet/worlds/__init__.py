"""The worlds by name; each is made when it is asked for, since some read real tables."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from examples.fleet.worlds.world import World


def build(name: str, *, rows: int) -> World:
    """Make the world called `module.function` with `rows` rows a week."""
    module, _, function = name.partition(".")
    maker = getattr(import_module(f"examples.fleet.worlds.{module}"), function)
    return cast(World, maker(rows))
