"""One door per vendor; a door returns plain numbers and no vendor type passes it."""
