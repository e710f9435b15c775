-- outcall: recording_deletion_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', recordings.deleted_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true) AS recordings_deleted_early_without_call_0,
    count(*) AS row_count
FROM recordings AS recordings 
WHERE recordings.deleted_at >= $1::timestamptz
    AND recordings.deleted_at < $2::timestamptz
    AND (recordings.call_id IS NULL AND recordings.deleted_at < ((recordings.started_at AT TIME ZONE 'Asia/Shanghai' + make_interval(months => 6)) AT TIME ZONE 'Asia/Shanghai'))
GROUP BY 1;
