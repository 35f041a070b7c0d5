"""One row a route: what kind of thing it shows, and how to address ours.

Kinds: `object` (belongs to a unit: 404 for others), `list` (shows what one may see), `platform`
(no unit: changed by platform admins only), `self` (one's own things), `public` (before sign-in).
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.world import World


@dataclass(frozen=True)
class Row:
    kind: str
    values: Callable[[World], dict[str, object]] = lambda world: {}
    needs_more: bool = False  # the owner of a model may lack the right to see this


def model(world: World) -> dict[str, object]:
    return {"slug": world.model.slug}


ROWS: dict[str, Row] = {}
