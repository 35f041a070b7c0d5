"""The catalogue's models, unit by unit."""
