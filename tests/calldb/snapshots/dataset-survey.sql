-- outcall: survey, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', surveys.responded_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS survey_responses_0,
    count(*) FILTER (WHERE (surveys.satisfied) AND true) AS satisfied_responses_0,
    count(*) AS row_count
FROM surveys AS surveys JOIN calls AS calls ON calls.call_id = surveys.call_id
WHERE surveys.responded_at >= $1::timestamptz
    AND surveys.responded_at < $2::timestamptz
    AND (surveys.satisfied IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5;

-- outcall: facts touched by other rows
WITH changed AS MATERIALIZED (SELECT source.call_id, source.customer_id, source.campaign_id, source.scenario, source.generation, source.dialect, source.script, source.dialed_at, source.answered_at, source.ended_at, source.answered_by, source.interaction_seconds, source.hangup_by, source.transferred_at, source.fault_code, source.cost_cny, source.updated_at FROM calls AS source WHERE source.updated_at >= $1 AND ((age(source.xmin) <= age($2::xid)) IS NOT FALSE))
SELECT at.place,
    extract(epoch FROM date_trunc('minute', at.instant AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) AS row_count
    FROM changed
    CROSS JOIN LATERAL (SELECT surveys.survey_id, surveys.call_id, surveys.responded_at, surveys.satisfied, surveys.updated_at FROM surveys AS surveys WHERE surveys.call_id = changed.call_id OFFSET 0) AS surveys,
    LATERAL (VALUES (0, surveys.responded_at)) AS at (place, instant)
    WHERE at.instant >= $3::timestamptz
    AND at.instant < $4::timestamptz
    GROUP BY 1,
    2;
