-- +goose Up

-- The vault file that these keys belong to, and the vault's own sealing key,
-- wrapped by the master key.
CREATE TABLE keys_identity (
    one     BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    id      TEXT   NOT NULL,
    wrapped BLOB   NOT NULL
);

-- One key per client company, wrapped by the master key.
CREATE TABLE company_keys (
    id         TEXT   NOT NULL PRIMARY KEY,
    company    TEXT   NOT NULL UNIQUE,
    wrapped    BLOB   NOT NULL,
    created_at BIGINT NOT NULL
);

-- One key per number, wrapped by its company's key. A key is pending until the
-- number's row is known to be stored; see collect.go.
CREATE TABLE data_keys (
    id          TEXT   NOT NULL PRIMARY KEY,
    ref         TEXT   NOT NULL UNIQUE,
    company_key TEXT   NOT NULL REFERENCES company_keys (id),
    state       TEXT   NOT NULL CHECK (state IN ('pending', 'live')),
    wrapped     BLOB   NOT NULL,
    created_at  BIGINT NOT NULL
);
