"""Monitoring's endpoints, one module a noun."""
