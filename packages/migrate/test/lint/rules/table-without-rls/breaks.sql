SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '1min';

-- BREAKS
CREATE TABLE tags (id uuid PRIMARY KEY);
-- BREAKS
CREATE TABLE labels (id uuid PRIMARY KEY);
ALTER TABLE labels ENABLE ROW LEVEL SECURITY;
