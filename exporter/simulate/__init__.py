"""A seeded call stream that reproduces the case of the KPI document, in the canonical call database.

    case ─► plan ─► unit (one minute: calls and all that follows from them) ─► history (COPY) and feed (live)

Everything up to the unit is pure: a minute depends on the plan and the faults alone, so any day can be made by itself.
"""
