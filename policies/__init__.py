"""Decide what must happen and what is allowed: retraining, release gates, compliance."""
