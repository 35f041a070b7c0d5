"""Endpoints of policies, decisions, jobs, gates and controls."""
