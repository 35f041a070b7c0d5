"""What `script/bench kills` needs: work, killers, sinks that fail, and the count at the end."""
