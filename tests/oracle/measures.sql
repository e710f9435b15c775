-- Measures at the finest cell, one row per dial; `num` adds up. A cell with dials and none answered says 0.

-- kpi: dials
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS num, 0 AS den
FROM call
WHERE dial

-- kpi: answered_calls
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, coalesce(answered, false)::int AS num, 0 AS den
FROM call
WHERE dial

-- kpi: effective_contacts
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, coalesce(effective, false)::int AS num, 0 AS den
FROM call
WHERE dial

-- kpi: early_hangups
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, coalesce(early_hangup, false)::int AS num, 0 AS den
FROM call
WHERE dial
