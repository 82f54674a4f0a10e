-- No row has a main source that was not read, or of which only the title was read, or that is marked as background.
WITH main_sources AS (
    SELECT 'members' AS resource, country_code AS key, source_id FROM members
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
    main_sources.resource,
    main_sources.key,
    'The main source ' || sources.source_id || ' cannot carry a row: part read is ' || sources.text_read
        || ', use is ' || sources.use || '.' AS message
FROM main_sources
JOIN sources ON sources.source_id = main_sources.source_id
WHERE sources.text_read IN ('not_read', 'title') OR sources.use <> 'evidence'
ORDER BY main_sources.resource, main_sources.key
