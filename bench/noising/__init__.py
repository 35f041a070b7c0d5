"""What `script/bench noise` is made of."""
