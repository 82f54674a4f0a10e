-- A country outside UN M49 has no ISO name either and carries the note to its name in all three languages; no other country carries one.
SELECT
    'members' AS resource,
    country_code AS key,
    name_en || ': M49 code, ISO name and the note to the name do not fit together.' AS message
FROM members
WHERE (m49 IS NULL) <> (name_en_iso IS NULL)
    OR (m49 IS NULL) <> (name_note_en IS NOT NULL)
    OR (m49 IS NULL) <> (name_note_ar IS NOT NULL)
    OR (m49 IS NULL) <> (name_note_fr IS NOT NULL)
ORDER BY key
