-- outcall: dialed, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', calls.dialed_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS dialed_calls_0,
    count(*) FILTER (WHERE (calls.scenario = 'collection') AND true) AS dialed_collection_calls_0,
    count(*) FILTER (WHERE (calls.scenario = 'collection' AND (CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN calls.dialed_at AT TIME ZONE 'Asia/Shanghai' END)::time >= '08:00'::time AND (CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00' AND '9999-12-31 00:00+00' THEN calls.dialed_at AT TIME ZONE 'Asia/Shanghai' END)::time < '22:00'::time) AND true) AS permitted_time_dials_0,
    count(*) AS row_count
FROM calls AS calls 
WHERE calls.dialed_at >= $1::timestamptz
    AND calls.dialed_at < $2::timestamptz
    AND (calls.ended_at IS NOT NULL)
GROUP BY 1, 2, 3, 4, 5;
