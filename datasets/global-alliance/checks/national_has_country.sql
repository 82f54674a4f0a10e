-- A national commitment names its country, a collective one names none.
SELECT
    'commitments' AS resource,
    commitment_id AS key,
    CASE scope
        WHEN 'national' THEN 'A national commitment needs a country.'
        ELSE 'A collective commitment must not name a country.'
    END AS message
FROM commitments
WHERE (scope = 'national') <> (country_code IS NOT NULL)
ORDER BY key
