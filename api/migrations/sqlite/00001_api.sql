-- +goose Up
-- API keys and the answers kept for Idempotency-Key. Instants are microseconds
-- since 1970 UTC, 0 = not set. Neither table holds a secret, a My Number or an
-- unkeyed digest of a request.
CREATE TABLE api_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    kind         TEXT   NOT NULL CHECK (kind IN ('member', 'company')),
    member_id    TEXT   NOT NULL DEFAULT '',
    company_id   TEXT   NOT NULL DEFAULT '',
    name         TEXT   NOT NULL,
    hash         BLOB   NOT NULL,
    created_at   BIGINT NOT NULL,
    created_by   TEXT   NOT NULL,
    expires_at   BIGINT NOT NULL DEFAULT 0,
    revoked_at   BIGINT NOT NULL DEFAULT 0,
    revoked_by   TEXT   NOT NULL DEFAULT '',
    last_used_at BIGINT NOT NULL DEFAULT 0,
    CHECK ((kind = 'member') = (member_id <> '')),
    CHECK ((kind = 'company') = (company_id <> ''))
);

-- One row per Idempotency-Key of an API key. mark and fingerprint are keyed hashes
-- whose key is derived from the API key's secret, which is not stored. A row
-- without a status is a request under way, held until lease_until; the answer is
-- kept until expires_at.
CREATE TABLE idempotency_keys (
    key_id      TEXT   NOT NULL REFERENCES api_keys (id),
    mark        BLOB   NOT NULL,
    fingerprint BLOB   NOT NULL,
    started_at  BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL,
    status      INTEGER NOT NULL DEFAULT 0,
    filing_id   TEXT   NOT NULL DEFAULT '',
    answer      BLOB,
    PRIMARY KEY (key_id, mark)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
CREATE INDEX idempotency_keys_filing ON idempotency_keys (filing_id) WHERE filing_id <> '';
