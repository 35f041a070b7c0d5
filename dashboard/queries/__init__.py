"""What the pages read: every query starts from what the reader may see."""

from dashboard.queries.fleet import Filters, fleet_rows

__all__ = ["Filters", "fleet_rows"]
