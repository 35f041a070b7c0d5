"""Tamper with an audit in every way we know, and ask the verifiers whether they see it."""
