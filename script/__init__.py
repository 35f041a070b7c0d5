"""The developer interface: one command per file, no other step needed."""
