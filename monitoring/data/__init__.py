"""Where a batch comes from: file names, readers, and the columns and profiles of a table."""
