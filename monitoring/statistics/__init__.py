"""Statistics of two samples: numpy and scipy in, plain numbers out; for the judge alone."""
