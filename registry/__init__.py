"""Know units, people, models, versions and MLflow servers; decide access; keep the audit."""
