-- There is exactly one launch and one conference with a number of members; the membership timeline is built on them.
SELECT
    'events' AS resource,
    wanted.type AS key,
    'Events of the type ' || wanted.type || ' with a number of members: ' || CAST(count(events.event_id) AS VARCHAR)
        || ', expected 1.' AS message
FROM (SELECT unnest(['launch', 'conference']) AS type) AS wanted
LEFT JOIN events
    ON events.type = wanted.type AND events.members_reported IS NOT NULL
GROUP BY wanted.type
HAVING count(events.event_id) <> 1
ORDER BY key
