-- +goose Up
-- An account is one e-Gov login of the office together with the software that
-- uses it. Secrets are sealed; instants are microseconds since 1970 UTC, 0 = not set.
CREATE TABLE egov_accounts (
    id                   TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    name                 TEXT    NOT NULL,
    api_base             TEXT    NOT NULL,
    auth_base            TEXT    NOT NULL,
    client_id            TEXT    NOT NULL,
    client_secret_sealed BLOB    NOT NULL,
    redirect_uri         TEXT    NOT NULL,
    created_at           INTEGER NOT NULL,
    updated_at           INTEGER NOT NULL
);

-- The one pair of tokens of an account. generation grows with every pair, so that
-- a late writer finds out that its pair is not the one it started from.
CREATE TABLE egov_tokens (
    account_id         TEXT    NOT NULL PRIMARY KEY REFERENCES egov_accounts (id) ON DELETE CASCADE,
    generation         INTEGER NOT NULL,
    access_sealed      BLOB    NOT NULL,
    refresh_sealed     BLOB    NOT NULL,
    access_expires     INTEGER NOT NULL,
    refresh_expires    INTEGER NOT NULL,
    refreshing_since   INTEGER NOT NULL DEFAULT 0,
    refreshing_by      TEXT    NOT NULL DEFAULT '',
    needs_login        INTEGER NOT NULL DEFAULT 0 CHECK (needs_login IN (0, 1)),
    needs_login_reason TEXT    NOT NULL DEFAULT '',
    updated_at         INTEGER NOT NULL
);
