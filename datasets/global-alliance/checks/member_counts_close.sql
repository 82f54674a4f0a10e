-- The lists close: 48 at the launch with 27 EU members, 54 in 2014 with 28 EU members, each equal to the number in the event.
WITH counted AS (
    SELECT
        count(*) FILTER (WHERE listed_at_launch) AS at_launch,
        count(*) FILTER (WHERE listed_at_launch AND eu_member_at_launch) AS eu_at_launch,
        count(*) FILTER (WHERE listed_in_2014) AS in_2014,
        count(*) FILTER (WHERE listed_in_2014 AND eu_member_in_2014) AS eu_in_2014
    FROM members
),
expected AS (
    SELECT 'members' AS resource, 'listed_at_launch' AS key, at_launch AS found, 48 AS expected FROM counted
    UNION ALL
    SELECT 'members', 'eu_member_at_launch', eu_at_launch, 27 FROM counted
    UNION ALL
    SELECT 'members', 'listed_in_2014', in_2014, 54 FROM counted
    UNION ALL
    SELECT 'members', 'eu_member_in_2014', eu_in_2014, 28 FROM counted
    UNION ALL
    SELECT 'events', event_id, members_reported, at_launch FROM events CROSS JOIN counted WHERE type = 'launch'
    UNION ALL
    SELECT 'events', event_id, members_reported, in_2014 FROM events CROSS JOIN counted
    WHERE type = 'conference' AND members_reported IS NOT NULL
)
SELECT
    resource,
    key,
    'The number of countries is ' || coalesce(CAST(found AS VARCHAR), 'empty')
        || ', expected ' || CAST(expected AS VARCHAR) || '.' AS message
FROM expected
WHERE found IS DISTINCT FROM expected
ORDER BY resource, key
