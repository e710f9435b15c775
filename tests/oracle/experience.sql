-- Each section: one row per fact. `anchor` places it in time, `own` is the KPI's own label, `num` and `den` add up.

-- kpi: early_hangup
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, early_hangup::int AS num, 1 AS den
FROM call
WHERE dial AND answered

-- kpi: csat
SELECT responded_at AS anchor, scenario, generation, period, script, 'all' AS own, satisfied::int AS num, 1 AS den
FROM survey
WHERE satisfied IS NOT NULL

-- kpi: repeat_question
SELECT
    a.analysed_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (a.repeat_count >= 2)::int AS num, 1 AS den
FROM call_analyses AS a
JOIN call ON call.call_id = a.call_id
WHERE call.answered AND a.repeat_count IS NOT NULL

-- kpi: emotion_match
SELECT labelled_at AS anchor, scenario, generation, period, script, 'all' AS own, correct AS num, total AS den
FROM label
WHERE kind = 'emotion' AND correct BETWEEN 0 AND total

-- kpi: connect
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, answered::int AS num, 1 AS den
FROM call
WHERE dial

-- kpi: hangup
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    coalesce(hangup_by = 'customer', false)::int AS num, 1 AS den
FROM call
WHERE dial AND answered

-- kpi: complaint
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 0 AS num, 1 AS den
FROM call
WHERE dial AND answered
UNION ALL
SELECT received_at, scenario, generation, period, script, 'all', 1, 0
FROM complaint
