"""Show: pages for people. No model and no rule of its own."""
