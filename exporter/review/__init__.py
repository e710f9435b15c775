"""Reviews of a past period: read from the call database (`collect`), worded (`document`), written (`html`, ...)."""
