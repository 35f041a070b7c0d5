"""Write what the registry knows: the operations behind the pages, the API and the commands."""

from registry.catalogue.models import FormerSlug, patch_model, put_model, retier
from registry.catalogue.people import put_me, put_member, put_person, put_unit
from registry.catalogue.servers import put_server

__all__ = [
    "FormerSlug",
    "patch_model",
    "put_me",
    "put_member",
    "put_model",
    "put_person",
    "put_server",
    "put_unit",
    "retier",
]
