-- +goose Up

-- One row per log: how many entries it has and the root hash over them.
CREATE TABLE usage_logs (
    log        TEXT    NOT NULL PRIMARY KEY,
    size       BIGINT  NOT NULL CHECK (size > 0),
    root       BLOB    NOT NULL CHECK (length(root) = 32),
    created_at BIGINT  NOT NULL
);

-- record holds the canonical bytes that are hashed. at, subject and filing repeat
-- what is in record, for searching only; verification compares them.
CREATE TABLE usage_entries (
    log     TEXT   NOT NULL,
    idx     BIGINT NOT NULL CHECK (idx >= 0),
    at      BIGINT NOT NULL,
    subject TEXT   NOT NULL,
    filing  TEXT   NOT NULL,
    record  BLOB   NOT NULL,
    PRIMARY KEY (log, idx)
);
CREATE INDEX usage_entries_at ON usage_entries (log, at);
CREATE INDEX usage_entries_subject ON usage_entries (log, subject) WHERE subject <> '';
CREATE INDEX usage_entries_filing ON usage_entries (log, filing) WHERE filing <> '';

-- Hashes of complete subtrees, in the order of tlog.StoredHashIndex.
CREATE TABLE usage_hashes (
    log  TEXT   NOT NULL,
    pos  BIGINT NOT NULL CHECK (pos >= 0),
    hash BLOB   NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (log, pos)
);

-- Signed checkpoints, whole as they were signed.
CREATE TABLE usage_checkpoints (
    id   INTEGER PRIMARY KEY,
    log  TEXT    NOT NULL,
    note BLOB    NOT NULL
);
CREATE INDEX usage_checkpoints_log ON usage_checkpoints (log, id);

-- These stop a mistake, not an attacker: whoever can write to the file can drop
-- them, and is found out by the hashes.
-- +goose StatementBegin
CREATE TRIGGER usage_entries_keep BEFORE UPDATE ON usage_entries
BEGIN SELECT RAISE(ABORT, 'usage entries are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_entries_stay BEFORE DELETE ON usage_entries
BEGIN SELECT RAISE(ABORT, 'usage entries are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_hashes_keep BEFORE UPDATE ON usage_hashes
BEGIN SELECT RAISE(ABORT, 'usage hashes are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_hashes_stay BEFORE DELETE ON usage_hashes
BEGIN SELECT RAISE(ABORT, 'usage hashes are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_checkpoints_keep BEFORE UPDATE ON usage_checkpoints
BEGIN SELECT RAISE(ABORT, 'usage checkpoints are append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER usage_checkpoints_stay BEFORE DELETE ON usage_checkpoints
BEGIN SELECT RAISE(ABORT, 'usage checkpoints are append-only'); END;
-- +goose StatementEnd
