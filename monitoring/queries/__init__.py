"""Read what monitoring knows."""
