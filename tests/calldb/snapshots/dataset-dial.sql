-- outcall: dial, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', calls.ended_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    calls.scenario AS scenario,
    calls.generation AS generation,
    CASE WHEN calls.dialed_at BETWEEN '0001-01-01 00:00+00'
    AND '9999-12-31 00:00+00' THEN width_bucket((calls.dialed_at AT TIME ZONE 'Asia/Shanghai')::time, ARRAY['08:00', '12:00', '14:00', '18:00', '21:00']::time[]) END AS period,
    calls.script AS script,
    count(*) FILTER (WHERE (true) AND true) AS dials_0,
    count(*) FILTER (WHERE ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine')) AND true) AS answered_calls_0,
    count(*) FILTER (WHERE ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine' AND calls.interaction_seconds BETWEEN 10 AND 'Infinity'::real)) AND true) AS effective_contacts_0,
    count(*) FILTER (WHERE ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine') AND calls.hangup_by = 'customer' AND isfinite(calls.answered_at) AND calls.answered_at >= calls.ended_at - make_interval(secs => 30)) AND true) AS early_hangups_0,
    count(*) FILTER (WHERE ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine') AND calls.hangup_by = 'customer') AND true) AS customer_hangups_0,
    count(*) FILTER (WHERE (calls.fault_code IS NOT NULL) AND true) AS system_faults_0,
    count(*) FILTER (WHERE ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine') AND calls.scenario = 'collection') AND true) AS answered_collection_calls_0,
    count(*) FILTER (WHERE ((calls.answered_at IS NOT NULL AND calls.answered_by <> 'machine') AND calls.scenario = 'collection' AND calls.transferred_at IS NOT NULL) AND true) AS transferred_calls_0,
    coalesce((sum((calls.cost_cny)::numeric) FILTER (WHERE (calls.scenario = 'acquisition') AND (calls.cost_cny NOT BETWEEN -1e9 AND 1e9) IS NOT TRUE) * 1e6)::bigint, 0) AS acquisition_call_cost_cny_0,
    count(*) FILTER (WHERE (calls.scenario = 'acquisition' AND (calls.cost_cny BETWEEN -1e9 AND 1e9) IS NOT TRUE) AND true) AS acquisition_dials_without_cost_0,
    count(*) FILTER (WHERE calls.cost_cny NOT BETWEEN -1e9 AND 1e9) AS rejected_cost_out_of_range,
    count(*) AS row_count
FROM calls AS calls 
WHERE calls.ended_at >= $1::timestamptz AND calls.ended_at < $2::timestamptz AND (true)
GROUP BY 1, 2, 3, 4, 5;
