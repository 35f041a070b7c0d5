"""Reading MLflow servers: against real ones, and against ones that misbehave."""
