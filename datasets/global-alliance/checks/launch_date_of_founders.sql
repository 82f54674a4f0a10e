-- A country named at the launch has the day of the launch conference as its date of joining.
SELECT
    'members' AS resource,
    members.country_code AS key,
    members.name_en || ' is in the launch list, but its date of joining is not the day of the launch, '
        || CAST(launch.date_earliest AS VARCHAR) || '.' AS message
FROM members
CROSS JOIN (SELECT date_earliest FROM events WHERE type = 'launch') AS launch
WHERE members.listed_at_launch
    AND (members.join_date_precision <> 'day' OR members.join_date_earliest <> launch.date_earliest)
ORDER BY key
