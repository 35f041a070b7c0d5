"""Rulebooks as dated data files: one JSON file a pack, read and checked at start."""
