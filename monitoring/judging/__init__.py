"""The judge: a process of its own that reads a batch and judges it, one child a job."""
