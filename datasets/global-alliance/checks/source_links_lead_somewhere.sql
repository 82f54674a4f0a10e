-- Every row of source_links names a row that exists, and does not repeat the main source of that row.
WITH records AS (
    SELECT 'members' AS resource, country_code AS record_id, source_id FROM members
    UNION ALL
    SELECT 'policy_targets', target_id, source_id FROM policy_targets
    UNION ALL
    SELECT 'operational_goals', goal_id, source_id FROM operational_goals
    UNION ALL
    SELECT 'commitments', commitment_id, source_id FROM commitments
    UNION ALL
    SELECT 'national_measures', measure_id, source_id FROM national_measures
    UNION ALL
    SELECT 'events', event_id, source_id FROM events
)
SELECT
    'source_links' AS resource,
    source_links.resource || ' ' || source_links.record_id || ' ' || source_links.source_id AS key,
    CASE
        WHEN records.record_id IS NULL THEN 'There is no row ' || source_links.record_id || ' in ' || source_links.resource || '.'
        ELSE source_links.source_id || ' is already the main source of this row.'
    END AS message
FROM source_links
LEFT JOIN records
    ON records.resource = source_links.resource AND records.record_id = source_links.record_id
WHERE records.record_id IS NULL OR records.source_id = source_links.source_id
ORDER BY key
