-- Loads a register of business licences into register_import: an example of mapping somebody else's columns.
--
--   psql -d mydb [-v batch=2024] -f examples/licences.sql < licences.csv
--   psql -d mydb -c "SELECT * FROM peer_mentor.import_register('<organisation>', batch => 'licences', create_missing => true)"
--
-- The file is the "Business Licenses" data set that the City of Chicago publishes, without names and addresses.  One row
-- is one term of one licence: an account holds licences of several kinds, each issued and then renewed.
-- Rows that cannot be imported stay in register_import with the reason in column error.

\if :{?batch}
\else
	\set batch licences
\endif

-- All text, so that the copy never fails on content; line keeps the order of the file.
CREATE TEMPORARY TABLE licences (
	line                         bigint GENERATED ALWAYS AS IDENTITY,
	license_id                   text,
	account_number               text,
	site_number                  text,
	ward                         text,
	license_code                 text,
	license_description          text,
	license_number               text,
	application_type             text,
	application_created_date     text,
	payment_date                 text,
	license_term_start_date      text,
	license_term_expiration_date text,
	date_issued                  text,
	license_status               text,
	license_status_change_date   text
);

\copy licences (license_id, account_number, site_number, ward, license_code, license_description, license_number, application_type, application_created_date, payment_date, license_term_start_date, license_term_expiration_date, date_issued, license_status, license_status_change_date) FROM pstdin WITH (FORMAT csv, HEADER match)

-- Cancelled (AAC) and revoked (REV) licences suspend their holder.  A status not listed is kept as it is, so that
-- import_register rejects the row instead of guessing.
INSERT INTO public.register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on, status)
SELECT :'batch', l.account_number, l.ward, l.license_code, l.license_term_start_date, l.license_term_expiration_date,
       CASE WHEN l.license_status = 'AAI' THEN 'active'
            WHEN l.license_status IN ('AAC', 'REV') THEN 'suspended'
            ELSE l.license_status END
  FROM licences l
 ORDER BY l.line;

DROP TABLE licences;
