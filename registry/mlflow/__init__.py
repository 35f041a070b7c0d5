"""Read MLflow servers by REST and reconcile what they show with our tables."""
