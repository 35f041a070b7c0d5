"""The controls a model is held to, and what each found."""
