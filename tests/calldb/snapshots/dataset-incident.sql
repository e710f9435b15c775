-- outcall: incident, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', incidents.resolved_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true AND (incidents.resolved_at < incidents.opened_at AND isfinite(incidents.opened_at)) IS NOT TRUE AND ((CASE WHEN isfinite(incidents.opened_at) THEN incidents.resolved_at - incidents.opened_at END) > interval '100000000 seconds') IS NOT TRUE AND (NOT isfinite(incidents.opened_at)) IS NOT TRUE) AS resolved_incidents_0,
    coalesce((sum((extract(epoch FROM (CASE WHEN isfinite(incidents.opened_at) THEN incidents.resolved_at - incidents.opened_at END)))::numeric) FILTER (WHERE true AND (incidents.resolved_at < incidents.opened_at AND isfinite(incidents.opened_at)) IS NOT TRUE AND ((CASE WHEN isfinite(incidents.opened_at) THEN incidents.resolved_at - incidents.opened_at END) > interval '100000000 seconds') IS NOT TRUE AND (NOT isfinite(incidents.opened_at)) IS NOT TRUE) * 1e6)::bigint, 0) AS incident_seconds_0,
    count(*) FILTER (WHERE incidents.resolved_at < incidents.opened_at AND isfinite(incidents.opened_at)) AS rejected_resolved_before_opened,
    count(*) FILTER (WHERE (CASE WHEN isfinite(incidents.opened_at) THEN incidents.resolved_at - incidents.opened_at END) > interval '100000000 seconds') AS rejected_resolution_out_of_range,
    count(*) FILTER (WHERE NOT isfinite(incidents.opened_at)) AS rejected_infinite_instant,
    count(*) AS row_count
FROM incidents AS incidents 
WHERE incidents.resolved_at >= $1::timestamptz
    AND incidents.resolved_at < $2::timestamptz
    AND (incidents.opened_at IS NOT NULL)
GROUP BY 1;
