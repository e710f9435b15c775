-- outcall: in_flight
SELECT calls.scenario AS scenario,
    count(*) FILTER (WHERE (true) AND true) AS calls_in_flight_0,
    count(*) FILTER (WHERE (calls.dialed_at < statement_timestamp() - make_interval(mins => 60)) AND true) AS calls_stuck_0,
    count(*) AS row_count
FROM calls AS calls
WHERE calls.ended_at IS NULL AND calls.dialed_at IS NOT NULL
GROUP BY 1;
