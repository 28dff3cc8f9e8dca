-- The end of the chain has a row of its own, as have timers, leases, and the last word on every
-- subject as it was at some place. Old events may be pruned once that place is past them.
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    pruned INTEGER NOT NULL DEFAULT 0,
    pruned_hash BLOB NOT NULL CHECK (length(pruned_hash) = 32)
) STRICT;
INSERT INTO head (id, seq, hash, pruned_hash) VALUES (
    1,
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'events'), 0),
    coalesce((SELECT hash FROM events ORDER BY seq DESC LIMIT 1), zeroblob(32)),
    zeroblob(32)
);
DROP TRIGGER events_are_not_deleted;
CREATE TRIGGER events_are_not_deleted BEFORE DELETE ON events
WHEN OLD.seq > (SELECT pruned FROM head)
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

CREATE TABLE timers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    due INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX timers_by_due ON timers (due, id);

CREATE TABLE leases (
    name TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    beat INTEGER NOT NULL
) STRICT;

CREATE TABLE folded (
    kind TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT;
CREATE TABLE standing (
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (kind, subject)
) STRICT;
CREATE INDEX standing_by_kind ON standing (kind, seq);
