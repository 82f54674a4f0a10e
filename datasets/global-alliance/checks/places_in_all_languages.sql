-- A place is given in all three languages or in none.
SELECT
    'events' AS resource,
    event_id AS key,
    'The place is not given in all three languages.' AS message
FROM events
WHERE (place_en IS NULL) <> (place_ar IS NULL) OR (place_en IS NULL) <> (place_fr IS NULL)
ORDER BY key
