"""The pages, one module a noun; each view makes one domain call or reads plain rows."""
