-- The two dates of a row fit its precision: equal for a day, first and last of a month or year, apart for a window, empty if unknown.
WITH dated AS (
    SELECT
        'members' AS resource,
        country_code AS key,
        join_date_earliest AS earliest,
        join_date_latest AS latest,
        join_date_precision AS precision
    FROM members
    UNION ALL
    SELECT 'commitments', commitment_id, date_earliest, date_latest, date_precision FROM commitments
    UNION ALL
    SELECT 'national_measures', measure_id, date_earliest, date_latest, date_precision FROM national_measures
    UNION ALL
    SELECT 'events', event_id, date_earliest, date_latest, date_precision FROM events
    UNION ALL
    SELECT 'sources', source_id, date_earliest, date_latest, date_precision FROM sources
)
SELECT
    resource,
    key,
    'The dates ' || coalesce(CAST(earliest AS VARCHAR), 'empty') || ' and ' || coalesce(CAST(latest AS VARCHAR), 'empty')
        || ' do not fit the precision ' || precision || '.' AS message
FROM dated
WHERE NOT coalesce(
    CASE precision
        WHEN 'unknown' THEN earliest IS NULL AND latest IS NULL
        WHEN 'day' THEN earliest = latest
        WHEN 'month' THEN earliest = CAST(date_trunc('month', earliest) AS DATE) AND latest = last_day(earliest)
        WHEN 'year' THEN earliest = make_date(year(earliest), 1, 1) AND latest = make_date(year(earliest), 12, 31)
        WHEN 'range' THEN earliest < latest
    END, FALSE)
ORDER BY resource, key
