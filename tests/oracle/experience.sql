-- Each section: one row per fact. `anchor` places it in time, `own` is the KPI's own label, `num` and `den` add up.

-- kpi: early_hangup
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, early_hangup::int AS num, 1 AS den
FROM call
WHERE dial AND answered

-- kpi: csat
SELECT
    s.responded_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    s.satisfied::int AS num, 1 AS den
FROM surveys AS s
JOIN call ON call.call_id = s.call_id
WHERE s.satisfied IS NOT NULL

-- kpi: repeat_question
SELECT
    a.analysed_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (a.repeat_count >= 2)::int AS num, 1 AS den
FROM call_analyses AS a
JOIN call ON call.call_id = a.call_id
WHERE call.answered AND a.repeat_count IS NOT NULL

-- kpi: emotion_match
SELECT
    l.labelled_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    l.correct AS num, l.total AS den
FROM quality_labels AS l
JOIN call ON call.call_id = l.call_id
WHERE l.kind = 'emotion' AND l.correct IS NOT NULL AND l.total IS NOT NULL

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
SELECT c.received_at, call.scenario, call.generation, call.period, call.script, 'all', 1, 0
FROM complaints AS c
JOIN call ON call.call_id = c.call_id
UNION ALL
SELECT received_at, 'all', 'all', 'all', 'all', 'all', 1, 0
FROM complaints
WHERE call_id IS NULL
