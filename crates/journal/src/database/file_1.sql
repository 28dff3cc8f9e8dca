-- The first version of a journal in a file.
CREATE TABLE schema_version (version INTEGER NOT NULL) STRICT;
INSERT INTO schema_version VALUES (0);

CREATE TABLE events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX events_by_kind ON events (kind);
CREATE INDEX events_by_kind_and_subject ON events (kind, subject);
CREATE INDEX events_by_subject ON events (subject);
CREATE INDEX events_by_time ON events (at);
CREATE TRIGGER events_are_not_changed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
-- REPLACE deletes without firing a delete trigger, hence the trigger on insert.
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    receiver TEXT NOT NULL,
    lane TEXT NOT NULL,
    first_due INTEGER NOT NULL,
    due INTEGER NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    error TEXT,
    settled_at INTEGER,
    outcome TEXT CHECK (outcome IN ('delivered', 'undelivered'))
) STRICT;
CREATE INDEX outbox_waiting ON outbox (receiver, lane, id) WHERE settled_at IS NULL;
CREATE INDEX outbox_settled ON outbox (id) WHERE settled_at IS NOT NULL;
