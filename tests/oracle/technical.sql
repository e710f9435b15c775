-- Each section: one row per fact. `anchor` places it in time, `own` is the KPI's own label, `num` and `den` add up.

-- kpi: asr_accuracy
SELECT
    l.labelled_at AS anchor, call.scenario, call.generation, call.period, call.script, call.dialect AS own,
    l.correct AS num, l.total AS den
FROM quality_labels AS l
JOIN call ON call.call_id = l.call_id
WHERE l.kind = 'asr' AND l.correct IS NOT NULL AND l.total IS NOT NULL

-- kpi: intent_accuracy
SELECT
    l.labelled_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    l.correct AS num, l.total AS den
FROM quality_labels AS l
JOIN call ON call.call_id = l.call_id
WHERE l.kind = 'intent' AND l.correct IS NOT NULL AND l.total IS NOT NULL

-- kpi: tts_mos
SELECT
    l.labelled_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    l.score::float8 AS num, 1 AS den -- the number that a real holds, not its short form
FROM quality_labels AS l
JOIN call ON call.call_id = l.call_id
WHERE l.kind = 'tts_mos' AND l.score IS NOT NULL

-- kpi: response_latency (num: microseconds)
SELECT
    t.bot_start_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (extract(epoch FROM t.bot_start_at - t.user_end_at) * 1000000)::bigint AS num, 1 AS den
FROM turns AS t
JOIN call ON call.call_id = t.call_id
WHERE t.bot_start_at >= t.user_end_at

-- kpi: slow_response
SELECT
    t.bot_start_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (t.bot_start_at - t.user_end_at > interval '2 seconds')::int AS num, 1 AS den
FROM turns AS t
JOIN call ON call.call_id = t.call_id
WHERE t.bot_start_at >= t.user_end_at

-- kpi: system_failure
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    (fault_code IS NOT NULL)::int AS num, 1 AS den
FROM call
WHERE dial

-- kpi: incident_resolution (num: seconds)
SELECT
    resolved_at AS anchor, 'all' AS scenario, 'all' AS generation, 'all' AS period, 'all' AS script, 'all' AS own,
    extract(epoch FROM resolved_at - opened_at) AS num, 1 AS den
FROM incidents
WHERE resolved_at >= opened_at
