"""What `script/bench drift` and `script/bench detect` are made of."""
