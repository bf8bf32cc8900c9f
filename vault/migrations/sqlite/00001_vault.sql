-- +goose Up

-- Ties this file to its keys file: see keys_identity there.
CREATE TABLE vault_identity (
    one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    id  TEXT   NOT NULL
);

-- One number per person: sealed is twelve digits under the key data_key, and
-- opens only as this reference of this company and subject.
CREATE TABLE numbers (
    ref        TEXT   NOT NULL PRIMARY KEY,
    company    TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    data_key   TEXT   NOT NULL UNIQUE,
    sealed     BLOB   NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (company, subject)
);

-- What is left of a number that was destroyed or replaced. The three times are:
-- row deleted, key deleted and both files purged, last copy of the keys file gone.
CREATE TABLE tombstones (
    ref            TEXT   NOT NULL PRIMARY KEY,
    company        TEXT   NOT NULL,
    subject        TEXT   NOT NULL,
    action         TEXT   NOT NULL,
    reason         TEXT   NOT NULL,
    actor          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    key_gone_at    BIGINT NOT NULL DEFAULT 0,
    copies_gone_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX tombstones_company ON tombstones (company, at);

-- seal authenticates all other columns of the row; refs is a JSON array.
CREATE TABLE grants (
    id         TEXT   NOT NULL PRIMARY KEY,
    company    TEXT   NOT NULL,
    filing     TEXT   NOT NULL,
    revision   BIGINT NOT NULL,
    refs       TEXT   NOT NULL,
    purpose    TEXT   NOT NULL,
    approver   TEXT   NOT NULL,
    issued_at  BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL DEFAULT 0,
    revoked_by TEXT   NOT NULL DEFAULT '',
    seal       BLOB   NOT NULL
);
CREATE INDEX grants_filing ON grants (filing, revision);

-- A row here is a reveal that was begun, whatever became of it.
CREATE TABLE spent (
    grant_id TEXT   NOT NULL,
    ref      TEXT   NOT NULL,
    attempt  TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (grant_id, ref, attempt)
);

-- The last size and root of each usage log that the vault was shown.
CREATE TABLE anchors (
    log  TEXT   NOT NULL PRIMARY KEY,
    size BIGINT NOT NULL,
    root BLOB   NOT NULL,
    at   BIGINT NOT NULL,
    seal BLOB   NOT NULL
);
