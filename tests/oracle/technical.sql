-- Each section: one row per fact. `anchor` places it in time, `own` is the KPI's own label, `num` and `den` add up.

-- kpi: asr_accuracy
SELECT labelled_at AS anchor, scenario, generation, period, script, dialect AS own, correct AS num, total AS den
FROM label
WHERE kind = 'asr' AND correct BETWEEN 0 AND total

-- kpi: intent_accuracy
SELECT labelled_at AS anchor, scenario, generation, period, script, 'all' AS own, correct AS num, total AS den
FROM label
WHERE kind = 'intent' AND correct BETWEEN 0 AND total

-- kpi: tts_mos
-- the number that a real holds, not its short form
SELECT labelled_at AS anchor, scenario, generation, period, script, 'all' AS own, score::float8 AS num, 1 AS den
FROM label
WHERE kind = 'tts_mos' AND score BETWEEN 1 AND 5

-- kpi: response_latency (num: microseconds)
SELECT
    t.bot_start_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (extract(epoch FROM latency) * 1000000)::bigint AS num, 1 AS den
FROM (
    SELECT call_id, bot_start_at, CASE WHEN isfinite(user_end_at) THEN bot_start_at - user_end_at END AS latency
    FROM turns
    WHERE isfinite(bot_start_at)
) AS t
JOIN call ON call.call_id = t.call_id
WHERE latency BETWEEN interval '0' AND interval '1000000 seconds'

-- kpi: slow_response
SELECT
    t.bot_start_at AS anchor, call.scenario, call.generation, call.period, call.script, 'all' AS own,
    (latency > interval '2 seconds')::int AS num, 1 AS den
FROM (
    SELECT call_id, bot_start_at, CASE WHEN isfinite(user_end_at) THEN bot_start_at - user_end_at END AS latency
    FROM turns
    WHERE isfinite(bot_start_at)
) AS t
JOIN call ON call.call_id = t.call_id
WHERE latency BETWEEN interval '0' AND interval '1000000 seconds'

-- kpi: system_failure
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    (fault_code IS NOT NULL)::int AS num, 1 AS den
FROM call
WHERE dial

-- kpi: incident_resolution (num: seconds)
SELECT
    resolved_at AS anchor, 'all' AS scenario, 'all' AS generation, 'all' AS period, 'all' AS script, 'all' AS own,
    extract(epoch FROM lasted) AS num, 1 AS den
FROM (
    SELECT resolved_at, CASE WHEN isfinite(opened_at) THEN resolved_at - opened_at END AS lasted
    FROM incidents
    WHERE isfinite(resolved_at)
) AS i
WHERE lasted BETWEEN interval '0' AND interval '100000000 seconds'
