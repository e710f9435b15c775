-- Follows calls.sql: the effects of every slice on a change, by the formulas of the KPI document, over the raw tables.
-- `facts` are a section of the oracle; [$1, $2) is the period before, [$3, $4) the one after; forty decimals.
, slice AS (
    SELECT
        {labels},
        coalesce(sum(num) FILTER (WHERE anchor >= $1 AND anchor < $2), 0)::numeric(80, 40) AS n0,
        coalesce(sum(den) FILTER (WHERE anchor >= $1 AND anchor < $2), 0)::numeric(80, 40) AS d0,
        coalesce(sum(num) FILTER (WHERE anchor >= $3 AND anchor < $4), 0)::numeric(80, 40) AS n1,
        coalesce(sum(den) FILTER (WHERE anchor >= $3 AND anchor < $4), 0)::numeric(80, 40) AS d1
    FROM ({facts}) AS fact
    GROUP BY {labels}
),
whole AS (
    SELECT sum(d0) AS d0, sum(d1) AS d1, sum(n0) / sum(d0) AS r0, sum(n1) / sum(d1) AS r1 FROM slice
),
quotient AS (
    SELECT
        {labels},
        slice.d0 / whole.d0 AS w0,
        slice.d1 / whole.d1 AS w1,
        coalesce(n0 / nullif(slice.d0, 0), n1 / nullif(slice.d1, 0), 0) AS r0,
        coalesce(n1 / nullif(slice.d1, 0), n0 / nullif(slice.d0, 0), 0) AS r1,
        -- What stands over nothing is no ratio; it adds to the whole all the same.
        CASE WHEN slice.d1 = 0 THEN n1 / whole.d1 ELSE 0 END - CASE WHEN slice.d0 = 0 THEN n0 / whole.d0 ELSE 0 END
            AS over_nothing
    FROM slice, whole
)
SELECT
    {labels},
    (w0 + w1) / 2 * (quotient.r1 - quotient.r0) + over_nothing AS rate,
    (w1 - w0) * ((quotient.r0 + quotient.r1) / 2 - (whole.r0 + whole.r1) / 2) AS mix,
    whole.r1 - whole.r0 AS change
FROM quotient, whole
