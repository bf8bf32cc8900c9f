-- +goose Up
-- Filings. Instants are microseconds since 1970 UTC, 0 = not set. No column
-- ever holds a My Number: event and facts are checked for one before they come here.
CREATE TABLE filings (
    id              TEXT    NOT NULL PRIMARY KEY,
    company_id      TEXT    NOT NULL,
    person_id       TEXT    NOT NULL,
    procedure_id    TEXT    NOT NULL,
    account_id      TEXT    NOT NULL,
    event           TEXT    NOT NULL,
    event_date      TEXT    NOT NULL,
    revision        INTEGER NOT NULL,
    state           TEXT    NOT NULL,
    hold_kind       TEXT    NOT NULL DEFAULT '',
    purpose         TEXT    NOT NULL DEFAULT '',
    approver        TEXT    NOT NULL DEFAULT '',
    facts           TEXT    NOT NULL DEFAULT '',
    subject         TEXT    NOT NULL DEFAULT '',
    destination     TEXT    NOT NULL DEFAULT '',
    not_before      BIGINT  NOT NULL DEFAULT 0,
    retry_at        BIGINT  NOT NULL DEFAULT 0,
    queued_at       BIGINT  NOT NULL DEFAULT 0,
    guard           TEXT,
    override_reason TEXT    NOT NULL DEFAULT '',
    failures        INTEGER NOT NULL DEFAULT 0,
    send_number     TEXT    NOT NULL DEFAULT '',
    arrive_id       TEXT    NOT NULL DEFAULT '',
    arrive_date     TEXT    NOT NULL DEFAULT '',
    findings        TEXT    NOT NULL DEFAULT '',
    look_first      INTEGER NOT NULL DEFAULT 0,
    created_at      BIGINT  NOT NULL,
    created_by      TEXT    NOT NULL,
    edited_by       TEXT    NOT NULL,
    updated_at      BIGINT  NOT NULL
);
-- The office's own doubles: one live filing per company, person, procedure and
-- event date. NULL (cancelled, or overridden with a reason) never conflicts.
CREATE UNIQUE INDEX filings_guard ON filings (guard);
CREATE INDEX filings_due ON filings (account_id, state, procedure_id, queued_at, id);
CREATE INDEX filings_company ON filings (company_id, id);
CREATE INDEX filings_state ON filings (state, id);

CREATE TABLE filing_events (
    filing_id  TEXT    NOT NULL REFERENCES filings (id),
    seq        INTEGER NOT NULL,
    at         BIGINT  NOT NULL,
    actor      TEXT    NOT NULL,
    from_state TEXT    NOT NULL,
    to_state   TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    PRIMARY KEY (filing_id, seq)
);

-- Which grant opens which reference for which revision of a filing.
CREATE TABLE filing_grants (
    filing_id TEXT    NOT NULL REFERENCES filings (id),
    revision  INTEGER NOT NULL,
    slot      TEXT    NOT NULL,
    grant_id  TEXT    NOT NULL,
    ref       TEXT    NOT NULL,
    PRIMARY KEY (filing_id, revision, slot)
);

-- One POST /bulk-apply. The id is the file name that e-Gov keeps, which makes it
-- the idempotency key; the row is committed before anything is built.
CREATE TABLE attempts (
    id          TEXT    NOT NULL PRIMARY KEY,
    account_id  TEXT    NOT NULL,
    state       TEXT    NOT NULL,
    prepared_at BIGINT  NOT NULL,
    sending_at  BIGINT  NOT NULL DEFAULT 0,
    answered_at BIGINT  NOT NULL DEFAULT 0,
    settled_at  BIGINT  NOT NULL DEFAULT 0,
    send_number TEXT    NOT NULL DEFAULT '',
    send_date   TEXT    NOT NULL DEFAULT '',
    answer      TEXT    NOT NULL DEFAULT '',
    settled_by  TEXT    NOT NULL DEFAULT '',
    asks        INTEGER NOT NULL DEFAULT 0,
    next_ask_at BIGINT  NOT NULL DEFAULT 0
);
CREATE INDEX attempts_open ON attempts (account_id, state, id);

CREATE TABLE attempt_filings (
    attempt_id  TEXT    NOT NULL REFERENCES attempts (id),
    filing_id   TEXT    NOT NULL REFERENCES filings (id),
    folder      TEXT    NOT NULL,
    live        INTEGER NOT NULL,
    dropped     INTEGER NOT NULL DEFAULT 0,
    outcome     TEXT    NOT NULL DEFAULT '',
    used        INTEGER NOT NULL DEFAULT 0,
    result_logged INTEGER NOT NULL DEFAULT 0,
    masked_copy BLOB,
    PRIMARY KEY (attempt_id, filing_id),
    UNIQUE (attempt_id, folder)
);
-- A filing is in at most one live attempt, whatever the program does.
CREATE UNIQUE INDEX attempt_filings_live ON attempt_filings (filing_id) WHERE live = 1;
CREATE INDEX attempt_filings_unlogged ON attempt_filings (attempt_id) WHERE used = 1 AND result_logged = 0;
