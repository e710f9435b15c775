-- outcall: masking_scan_without_call, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', masking_scans.scanned_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    count(*) FILTER (WHERE (true) AND true) AS sensitive_scans_without_call_0,
    count(*) FILTER (WHERE (masking_scans.masked = masking_scans.sensitive) AND true) AS masked_scans_without_call_0,
    count(*) AS row_count
FROM masking_scans AS masking_scans 
WHERE masking_scans.scanned_at >= $1::timestamptz
    AND masking_scans.scanned_at < $2::timestamptz
    AND (masking_scans.call_id IS NULL AND masking_scans.sensitive > 0 AND masking_scans.masked IS NOT NULL)
GROUP BY 1;
