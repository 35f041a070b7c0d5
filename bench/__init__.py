"""Measurements, one module a figure; `script/bench NAME` runs one."""
