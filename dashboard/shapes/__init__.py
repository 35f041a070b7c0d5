"""The fields of each form, as data."""
