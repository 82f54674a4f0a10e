-- A row is not more certain than its main source: official needs an official source, arabic_article needs the Arabic article.
WITH graded AS (
    SELECT 'members' AS resource, country_code AS key, source_id, confidence FROM members
    UNION ALL
    SELECT 'policy_targets', target_id, source_id, confidence FROM policy_targets
    UNION ALL
    SELECT 'operational_goals', goal_id, source_id, confidence FROM operational_goals
    UNION ALL
    SELECT 'commitments', commitment_id, source_id, confidence FROM commitments
    UNION ALL
    SELECT 'national_measures', measure_id, source_id, confidence FROM national_measures
    UNION ALL
    SELECT 'events', event_id, source_id, confidence FROM events
)
SELECT
    graded.resource,
    graded.key,
    'The row says ' || graded.confidence || ', its main source ' || sources.source_id || ' is ' || sources.confidence || '.' AS message
FROM graded
JOIN sources ON sources.source_id = graded.source_id
WHERE graded.confidence <> 'secondary' AND graded.confidence <> sources.confidence
ORDER BY graded.resource, graded.key
