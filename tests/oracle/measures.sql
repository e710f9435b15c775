-- Measures at the finest cell, one row per fact; `num` adds up.

-- kpi: dials
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS num, 0 AS den
FROM call
WHERE dial

-- kpi: answered_calls
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS num, 0 AS den
FROM call
WHERE dial AND answered

-- kpi: effective_contacts
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS num, 0 AS den
FROM call
WHERE dial AND effective

-- kpi: early_hangups
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS num, 0 AS den
FROM call
WHERE dial AND early_hangup
