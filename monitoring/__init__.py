"""Observe models: sources, checks, runs, health, incidents, alerts and their delivery."""
