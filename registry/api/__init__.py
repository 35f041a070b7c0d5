"""The registry's endpoints, one module a noun."""
