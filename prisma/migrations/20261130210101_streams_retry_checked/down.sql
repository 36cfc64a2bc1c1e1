-- The check holds for new rows only, as before.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE stream_dead
  DROP CONSTRAINT stream_dead_retry_at_within_years_1_to_9999,
  ADD CONSTRAINT stream_dead_retry_at_within_years_1_to_9999
    CHECK (retry_at >= '0001-01-01 00:00:00+00' AND retry_at < '10000-01-01 00:00:00+00') NOT VALID;
