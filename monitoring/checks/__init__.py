"""Pure judgement: no Django, no clock, no I/O; frozen facts in, verdicts and reasons out."""
