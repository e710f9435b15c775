"""The source's own case from end to end: simulated, in a real database, asked by the commands that are shipped."""
