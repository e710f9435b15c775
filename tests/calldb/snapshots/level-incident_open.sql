-- outcall: incident_open
SELECT count(*) FILTER (WHERE (true) AND true) AS open_incidents_0, count(*) AS row_count
FROM incidents AS incidents
WHERE incidents.resolved_at IS NULL AND incidents.opened_at IS NOT NULL;
