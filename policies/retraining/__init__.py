"""When models are retrained: policies, the decisions they lead to, and the jobs that follow."""
