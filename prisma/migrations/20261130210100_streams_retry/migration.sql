-- A record that a consumer could not handle is given to it once more where somebody asks for that: miyabi streams retry.
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

ALTER TABLE stream_dead
  ADD COLUMN retry_at timestamptz(3),
  ADD CONSTRAINT stream_dead_retry_at_within_years_1_to_9999
    CHECK (retry_at >= '0001-01-01 00:00:00+00' AND retry_at < '10000-01-01 00:00:00+00') NOT VALID;
COMMENT ON COLUMN stream_dead.retry_at IS 'Since when its consumer is asked to handle it once more.';
