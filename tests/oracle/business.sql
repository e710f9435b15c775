-- Each section: one row per fact. `anchor` places it in time, `own` is the KPI's own label, `num` and `den` add up.

-- kpi: effective_contact
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, effective::int AS num, 1 AS den
FROM call
WHERE dial

-- kpi: lead_conversion
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 0 AS num, 1 AS den
FROM (
    SELECT DISTINCT ON (customer_id, campaign_id) *
    FROM call
    WHERE dial AND effective AND scenario = 'acquisition' AND customer_id IS NOT NULL
    ORDER BY customer_id, campaign_id, ended_at, call_id
) AS first_contact
UNION ALL
SELECT applied_at, scenario, generation, period, script, 'all', 1, 0
FROM (
    SELECT DISTINCT ON (a.customer_id, call.campaign_id)
        a.applied_at, call.scenario, call.generation, call.period, call.script
    FROM credit_applications AS a
    JOIN call ON call.call_id = a.source_call_id
    WHERE call.scenario = 'acquisition' AND a.customer_id IS NOT NULL AND a.applied_at IS NOT NULL
    ORDER BY a.customer_id, call.campaign_id, a.applied_at, a.application_id
) AS first_application

-- kpi: acquisition_cost
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, cost_cny AS num, 0 AS den
FROM call
WHERE dial AND scenario = 'acquisition' AND cost_cny IS NOT NULL
UNION ALL
SELECT booked_at, scenario, 'all', 'all', 'all', 'all', amount_cny, 0
FROM cost_ledger
WHERE scenario = 'acquisition' AND amount_cny BETWEEN -1e10 AND 1e10
UNION ALL
SELECT granted_at, scenario, generation, period, script, 'all', 0, 1
FROM (
    SELECT DISTINCT ON (a.customer_id) a.granted_at, call.scenario, call.generation, call.period, call.script
    FROM credit_applications AS a
    JOIN call ON call.call_id = a.source_call_id
    WHERE call.scenario = 'acquisition' AND a.customer_id IS NOT NULL AND a.granted_at IS NOT NULL
    ORDER BY a.customer_id, a.granted_at, a.application_id
) AS first_grant

-- kpi: unknown_cost (num: costs that there are, but nobody knows)
SELECT ended_at AS anchor, scenario, generation, period, script, 'all' AS own, 1 AS num, 0 AS den
FROM call
WHERE dial AND scenario = 'acquisition' AND cost_cny IS NULL
UNION ALL
SELECT booked_at, scenario, 'all', 'all', 'all', 'all', 1, 0
FROM cost_ledger
WHERE scenario = 'acquisition' AND coalesce(amount_cny NOT BETWEEN -1e10 AND 1e10, true)

-- kpi: recovery
SELECT
    entered_at AS anchor, 'collection' AS scenario, coalesce(generation, 'unknown') AS generation,
    'all' AS period, 'all' AS script, coalesce(bucket, 'unknown') AS own, 0 AS num, overdue_cny AS den
FROM collection_cases
WHERE overdue_cny BETWEEN 0 AND 1e9
UNION ALL
SELECT
    r.paid_at, 'collection', coalesce(c.generation, 'unknown'), 'all', 'all', coalesce(c.bucket, 'unknown'),
    r.amount_cny, 0
FROM repayments AS r
JOIN collection_cases AS c ON c.case_id = r.case_id
WHERE r.reversed_at IS NULL AND r.amount_cny BETWEEN -1e9 AND 1e9

-- kpi: unknown_repayment (num: repayments of which nobody knows how much)
SELECT
    r.paid_at AS anchor, 'collection' AS scenario, coalesce(c.generation, 'unknown') AS generation,
    'all' AS period, 'all' AS script, coalesce(c.bucket, 'unknown') AS own, 1 AS num, 0 AS den
FROM repayments AS r
JOIN collection_cases AS c ON c.case_id = r.case_id
WHERE r.reversed_at IS NULL AND coalesce(r.amount_cny NOT BETWEEN -1e9 AND 1e9, true)

-- kpi: escalation
SELECT
    ended_at AS anchor, scenario, generation, period, script, 'all' AS own,
    (transferred_at IS NOT NULL)::int AS num, 1 AS den
FROM call
WHERE dial AND answered AND scenario = 'collection'

-- kpi: task_completion
SELECT anchor, 'operations' AS scenario, generation, 'all' AS period, 'all' AS script, task AS own, num, den
FROM (
    SELECT
        t.needed_at, t.completed_at, t.source_call_id, coalesce(t.task, 'unknown') AS task,
        CASE
            WHEN c.birth_date IS NULL OR c.birth_date >= date '2010-01-01' THEN 'unknown'
            WHEN c.birth_date >= date '1995-01-01' THEN 'gen_z'
            WHEN c.birth_date >= date '1980-01-01' THEN 'gen_y'
            WHEN c.birth_date >= date '1965-01-01' THEN 'gen_x'
            ELSE 'elderly'
        END AS generation
    FROM service_tasks AS t
    LEFT JOIN customers AS c ON c.customer_id = t.customer_id
) AS labelled
CROSS JOIN LATERAL (
    VALUES (needed_at, 0, 1), (CASE WHEN source_call_id IS NOT NULL THEN completed_at END, 1, 0)
) AS side (anchor, num, den)

-- kpi: uplift (one row, no window)
WITH mean AS (
    SELECT
        arm,
        (avg(value_cny) FILTER (WHERE value_cny BETWEEN -1e9 AND 1e9))::float8 AS value,
        avg(reborrowed::int)::float8 AS reborrow,
        (avg(credit_limit_cny) FILTER (WHERE credit_limit_cny BETWEEN -1e9 AND 1e9))::float8 AS credit_limit
    FROM ltv_snapshots AS s
    WHERE as_of = (SELECT max(as_of) FROM ltv_snapshots AS latest WHERE latest.arm = s.arm)
    GROUP BY arm
)
SELECT
    after.value / nullif(before.value, 0) - 1 AS ltv_uplift,
    after.reborrow / nullif(before.reborrow, 0) - 1 AS reborrow_uplift,
    after.credit_limit / nullif(before.credit_limit, 0) - 1 AS credit_limit_uplift
FROM mean AS before, mean AS after
WHERE before.arm = 'before' AND after.arm = 'after'
