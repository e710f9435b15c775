"""What the tests share: a real PostgreSQL, a reader of `/metrics`, a random history of the call database."""
