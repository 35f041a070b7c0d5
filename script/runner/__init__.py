"""Start, watch and stop the processes Muster needs: for the demo, the tests and the benches."""
