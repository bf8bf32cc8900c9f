-- +goose Up
-- Instants are microseconds since 1970 UTC (BIGINT), truth values INTEGER 0/1,
-- octets BYTEA: a name that PostgreSQL knows and under which SQLite keeps a blob
-- as it is. Text is '' when unknown, never NULL.

CREATE TABLE office_office (
    id                  INTEGER PRIMARY KEY CHECK (id = 1),
    name                TEXT NOT NULL,
    attorney_name       TEXT NOT NULL,
    attorney_kana       TEXT NOT NULL,
    registration_number TEXT NOT NULL,
    postal_code         TEXT NOT NULL,
    address             TEXT NOT NULL,
    address_kana        TEXT NOT NULL,
    phone               TEXT NOT NULL,
    email               TEXT NOT NULL
);

CREATE TABLE office_member (
    id     TEXT PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    roles  TEXT NOT NULL,
    active INTEGER NOT NULL CHECK (active IN (0, 1))
);

CREATE TABLE office_company (
    id                          TEXT PRIMARY KEY,
    code                        TEXT NOT NULL UNIQUE,
    name                        TEXT NOT NULL,
    name_kana                   TEXT NOT NULL,
    corporate_number            TEXT NOT NULL,
    postal_code                 TEXT NOT NULL,
    address                     TEXT NOT NULL,
    address_kana                TEXT NOT NULL,
    phone                       TEXT NOT NULL,
    email                       TEXT NOT NULL,
    representative_name         TEXT NOT NULL,
    representative_kana         TEXT NOT NULL,
    representative_title        TEXT NOT NULL,
    pension_prefecture          TEXT NOT NULL,
    pension_district            TEXT NOT NULL,
    pension_symbol              TEXT NOT NULL,
    pension_number              TEXT NOT NULL,
    employment_number           TEXT NOT NULL,
    pension_destination_id      TEXT NOT NULL,
    pension_destination_name    TEXT NOT NULL,
    employment_destination_id   TEXT NOT NULL,
    employment_destination_name TEXT NOT NULL,
    employment_office           TEXT NOT NULL,
    revision                    BIGINT NOT NULL,
    created_at                  BIGINT NOT NULL,
    updated_at                  BIGINT NOT NULL
);

CREATE TABLE office_person (
    id                        TEXT PRIMARY KEY,
    company_id                TEXT NOT NULL REFERENCES office_company (id),
    code                      TEXT NOT NULL,
    name                      TEXT NOT NULL,
    name_kana                 TEXT NOT NULL,
    birth_date                TEXT NOT NULL,
    sex                       TEXT NOT NULL CHECK (sex IN ('', 'male', 'female')),
    postal_code               TEXT NOT NULL,
    address                   TEXT NOT NULL,
    address_kana              TEXT NOT NULL,
    employment_insured_number TEXT NOT NULL,
    pension_insured_number    TEXT NOT NULL,
    name_roman                TEXT NOT NULL,
    subject                   TEXT NOT NULL UNIQUE,
    number_ref                TEXT NOT NULL,
    number_registered_at      BIGINT NOT NULL,
    revision                  BIGINT NOT NULL,
    created_at                BIGINT NOT NULL,
    updated_at                BIGINT NOT NULL,
    UNIQUE (company_id, code)
);

-- One row a company: only the newest certificate is kept. basis is what the
-- certificate has to agree with, as it was when the certificate was stored.
CREATE TABLE office_agency_certificate (
    company_id TEXT PRIMARY KEY REFERENCES office_company (id),
    kind       TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    basis      TEXT NOT NULL,
    stored_at  BIGINT NOT NULL
);

-- Who changed what and when; names of fields, never values.
CREATE TABLE office_change (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    actor      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    entity_id  TEXT NOT NULL,
    company_id TEXT NOT NULL,
    action     TEXT NOT NULL,
    fields     TEXT NOT NULL
);
CREATE INDEX office_change_entity ON office_change (entity_id, id);
