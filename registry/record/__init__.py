"""The inventory record: what is kept of a model, who fills it, and what is still missing."""
