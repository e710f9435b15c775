-- Each section: one row per customer or case that began; `anchor` is the beginning, `num` what became of it in time. From
-- the KPI document's "by contact cohort with 7 days to mature". That an application counts from the dialling of the
-- contact on, and repayments for 30 days, is settled in docs/decisions/0016.

-- kpi: contact_cohort
SELECT
    first_contact.ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS den,
    coalesce(
        first_application.applied_at >= coalesce(first_contact.dialed_at, first_contact.ended_at)
            AND first_application.applied_at <= first_contact.ended_at + interval '7 days',
        false
    )::int AS num
FROM (
    SELECT DISTINCT ON (customer_id, campaign_id) *
    FROM call
    WHERE dial AND effective AND scenario = 'acquisition' AND customer_id IS NOT NULL
    ORDER BY customer_id, campaign_id, ended_at, call_id
) AS first_contact
LEFT JOIN (
    SELECT a.customer_id, call.campaign_id, min(a.applied_at) AS applied_at
    FROM credit_applications AS a
    JOIN call ON call.call_id = a.source_call_id
    WHERE call.scenario = 'acquisition' AND a.customer_id IS NOT NULL
    GROUP BY a.customer_id, call.campaign_id
) AS first_application
    ON first_application.customer_id = first_contact.customer_id
    AND first_application.campaign_id IS NOT DISTINCT FROM first_contact.campaign_id

-- kpi: entry_cohort
SELECT
    c.entered_at AS anchor, 'collection' AS scenario, coalesce(c.generation, 'unknown') AS generation,
    'all' AS period, 'all' AS script, coalesce(c.bucket, 'unknown') AS bucket, coalesce(c.bucket, 'unknown') AS own,
    c.overdue_cny AS den,
    coalesce((
        SELECT sum(r.amount_cny)
        FROM repayments AS r
        WHERE r.case_id = c.case_id AND r.reversed_at IS NULL AND r.amount_cny BETWEEN -1e9 AND 1e9
            AND r.paid_at <= c.entered_at + interval '30 days'
    ), 0) AS num
FROM collection_cases AS c
WHERE c.overdue_cny BETWEEN 0 AND 1e9
