-- outcall: complaint_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', complaints.received_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true) AS complaints_without_call_0,
    count(*) AS row_count
FROM complaints AS complaints 
WHERE complaints.received_at >= $1::timestamptz
    AND complaints.received_at < $2::timestamptz
    AND (complaints.call_id IS NULL)
GROUP BY 1;
