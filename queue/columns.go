package queue

import "database/sql/driver"

// Value stores the map as a JSON object, an empty one as an empty text.
func (f Fields) Value() (driver.Value, error) { return encodeJSON(map[string]string(f), len(f) == 0) }

// Scan reads what Value stored.
func (f *Fields) Scan(src any) error { return decodeJSON(src, f) }

// Value stores the list as a JSON array, an empty one as an empty text.
func (f Findings) Value() (driver.Value, error) { return encodeJSON([]Finding(f), len(f) == 0) }

// Scan reads what Value stored.
func (f *Findings) Scan(src any) error { return decodeJSON(src, f) }
