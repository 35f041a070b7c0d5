"""Examples of how other teams work with Muster."""
