-- Initial contents of every data folder of the DynamoDB engine; see prepared-file.ts. A line of `;` ends a statement.

-- Exactly the engine's own table: its CREATE TABLE IF NOT EXISTS then leaves it unchanged.
CREATE TABLE _stream_records (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                table_name TEXT NOT NULL,
                event_name TEXT NOT NULL,
                keys_json TEXT NOT NULL,
                new_image TEXT,
                old_image TEXT,
                sequence_number TEXT NOT NULL,
                shard_id TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                user_identity TEXT
            )
;
-- For every write the engine searches for the largest number of the table's stream.
CREATE INDEX IF NOT EXISTS miyabi_stream_number ON _stream_records (table_name, CAST(sequence_number AS INTEGER))
;
-- Every read sorts by this number.
CREATE INDEX IF NOT EXISTS miyabi_stream_shard ON _stream_records (table_name, shard_id, CAST(sequence_number AS INTEGER))
;
CREATE INDEX IF NOT EXISTS miyabi_stream_age ON _stream_records (created_at)
;
-- AWS keeps a record for a day, the engine forever. A stream's last record stays: the next number is derived from it.
CREATE TRIGGER IF NOT EXISTS miyabi_stream_trim AFTER INSERT ON _stream_records WHEN NEW.id % 100 = 0 BEGIN
  DELETE FROM _stream_records WHERE id IN (
    SELECT old.id FROM _stream_records AS old
     WHERE old.created_at < NEW.created_at - 86400
       AND CAST(old.sequence_number AS INTEGER) < (
         SELECT MAX(CAST(any_.sequence_number AS INTEGER)) FROM _stream_records AS any_ WHERE any_.table_name = old.table_name)
     ORDER BY old.created_at LIMIT 300);
END
;
