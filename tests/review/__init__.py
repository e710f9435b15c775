"""Reviews against an independent reading of the same tables."""
