-- A run is its plan and what happened. Everything else is folded from these two tables.
CREATE TABLE run (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    created_at REAL NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('running', 'completed', 'cancelled', 'out of time', 'failed')),
    plan       TEXT NOT NULL
) STRICT;

CREATE TABLE event (
    seq       INTEGER PRIMARY KEY,
    run_id    TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    at        REAL NOT NULL,
    kind      TEXT NOT NULL,
    candidate TEXT NOT NULL DEFAULT '',
    suite     TEXT NOT NULL DEFAULT '',
    item      TEXT NOT NULL DEFAULT '',
    repeat    INTEGER NOT NULL DEFAULT 0,
    body      TEXT NOT NULL
) STRICT;

CREATE INDEX event_of_run ON event (run_id, seq);

-- An item is answered once, however often a block is computed again after a crash.
CREATE UNIQUE INDEX answer_once ON event (run_id, candidate, suite, item, repeat) WHERE kind = 'AnswerScored';
