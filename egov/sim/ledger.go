package sim

import (
	"net/http"

	"todoke/egov/wire"
)

// Ledger is everything the simulator accepted, for whoever counts what a
// ministry would have received. It holds no value of any form.
type Ledger struct {
	Counts LedgerCounts `json:"counts"`
	Bulks  []LedgerBulk `json:"bulks"` // as accepted, oldest first
}

// LedgerCounts sums the ledger up.
type LedgerCounts struct {
	Bulks      int `json:"bulks"`      // bulks that got a 202
	Waiting    int `json:"waiting"`    // of these not ingested
	Accepted   int `json:"accepted"`   // applications that arrived
	Refused    int `json:"refused"`    // folders that did not
	Duplicates int `json:"duplicates"` // arrivals whose content had arrived before
}

// LedgerBulk is one accepted bulk. Folders is empty until it is ingested.
type LedgerBulk struct {
	SendNumber string         `json:"send_number"`
	FileName   string         `json:"file_name"`
	SendDate   string         `json:"send_date"` // "YYYY-MM-DD HH:MM:SS", JST
	Account    string         `json:"account"`
	ApplyCount int            `json:"apply_count"`
	Ingested   bool           `json:"ingested"`
	Folders    []LedgerFolder `json:"folders"`
}

// LedgerFolder is one folder of a bulk: arrived when ArriveID is set, refused
// when there are findings.
type LedgerFolder struct {
	FolderName string `json:"folder_name"`
	ProcID     string `json:"proc_id"`
	ArriveID   string `json:"arrive_id,omitempty"`
	ArriveDate string `json:"arrive_date,omitempty"`
	// Fingerprint is equal for equal form content apart from the dates of
	// filing. It is keyed with a key of this process: it means nothing outside.
	Fingerprint   string           `json:"fingerprint,omitempty"`
	UnlistedFiles int              `json:"unlisted_files,omitempty"` // files that kousei.xml does not name
	Findings      []wire.ReportRow `json:"findings,omitempty"`
}

// Ledger returns a copy of the ledger, after ingesting what is due.
func (s *Server) Ledger() Ledger {
	s.settle()
	s.mu.Lock()
	defer s.mu.Unlock()
	l := Ledger{Counts: s.books.counts, Bulks: make([]LedgerBulk, 0, len(s.books.order))}
	l.Counts.Waiting = len(s.books.pending)
	for _, b := range s.books.order {
		entry := LedgerBulk{
			SendNumber: b.sendNumber, FileName: b.fileName, SendDate: b.sentAt.Format(datetime),
			Account: b.account, ApplyCount: b.applyCount, Ingested: b.ingested,
			Folders: make([]LedgerFolder, 0, len(b.folders)),
		}
		for _, f := range b.folders {
			row := LedgerFolder{
				FolderName: f.name, ProcID: f.procID, ArriveID: f.arriveID, Fingerprint: f.fingerprint,
				UnlistedFiles: f.unlisted, Findings: f.findings,
			}
			if f.arriveID != "" {
				row.ArriveDate = f.arrivedAt.Format(datetime)
			}
			entry.Folders = append(entry.Folders, row)
		}
		l.Bulks = append(l.Bulks, entry)
	}
	return l
}

func (s *Server) ledger(w http.ResponseWriter, _ *call) {
	writeJSON(w, http.StatusOK, s.Ledger())
}

// software tells a demonstration what is registered for its credentials.
func (s *Server) software(w http.ResponseWriter, _ *call) {
	writeJSON(w, http.StatusOK, map[string][]string{"redirect_uris": {s.config.RedirectURI}})
}
