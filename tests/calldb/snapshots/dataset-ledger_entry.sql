-- outcall: ledger_entry, every cell of each minute
SELECT extract(epoch FROM date_trunc('minute', cost_ledger.booked_at AT TIME ZONE 'UTC'))::bigint AS bucket,
    cost_ledger.scenario AS scenario,
    coalesce((sum((cost_ledger.amount_cny)::numeric) FILTER (WHERE true AND (cost_ledger.amount_cny NOT BETWEEN -1e10 AND 1e10) IS NOT TRUE) * 1e6)::bigint, 0) AS ledger_cost_cny_0,
    count(*) FILTER (WHERE ((cost_ledger.amount_cny BETWEEN -1e10 AND 1e10) IS NOT TRUE) AND true) AS ledger_entries_without_amount_0,
    count(*) FILTER (WHERE cost_ledger.amount_cny NOT BETWEEN -1e10 AND 1e10) AS rejected_amount_out_of_range,
    count(*) AS row_count
FROM cost_ledger AS cost_ledger 
WHERE cost_ledger.booked_at >= $1::timestamptz
    AND cost_ledger.booked_at < $2::timestamptz
    AND (cost_ledger.scenario = 'acquisition')
GROUP BY 1, 2;
