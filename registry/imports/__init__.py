"""Bring many models into the registry at once: from MLflow, or from an inventory file.

Each row goes through `catalogue.put_model`, so that rights, audit and history apply as they do
to a model somebody registers by hand. A row that is refused leaves the others alone.
"""
