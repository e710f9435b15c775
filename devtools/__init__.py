"""Tools of the developers: never imported by the exporter, never shipped in its wheel."""
