package sim

import (
	"fmt"
	"slices"
	"time"

	"todoke/egov/wire"
)

// books is everything the simulator remembers, with an index for each question
// that a request can ask.
type books struct {
	bulks        map[string]*bulk        // by send_number
	cases        map[string]*application // by arrive_id
	accounts     map[string]*holdings
	order        []*bulk // all, as accepted
	pending      []*bulk // not ingested, as accepted
	hidden       int     // bulks that a fault hides or has hidden
	fingerprints map[string]int
	arrivals     map[string]int // last sequence by prefix and year
	sent         time.Time      // second of the last send_number
	sentSequence int
	counts       LedgerCounts
}

// holdings are one account's bulks by time of sending and cases by time of
// arrival, oldest first.
type holdings struct {
	bulks []*bulk
	cases []*application
}

type bulk struct {
	sendNumber string
	fileName   string
	account    string
	sentAt     time.Time
	due        time.Time // when it will be ingested
	applyCount int
	raw        []byte // the zip, until it is ingested
	ingested   bool
	folders    []folder // ascending by name

	hiddenUntil   time.Time // listings omit it before
	hiddenQueries int       // and this many more times
}

// folder is what became of one folder.
type folder struct {
	name        string
	procID      string
	procName    string
	arriveID    string // "" when refused
	arrivedAt   time.Time
	fingerprint string
	unlisted    int
	findings    []wire.ReportRow
}

// application is a case: a folder that arrived.
type application struct {
	bulk        *bulk
	arriveID    string
	arrivedAt   time.Time
	corporation string
	applicant   string
	procName    string
	destination string
}

func newBooks() books {
	return books{
		bulks: map[string]*bulk{}, cases: map[string]*application{}, accounts: map[string]*holdings{},
		fingerprints: map[string]int{}, arrivals: map[string]int{},
	}
}

func (b *books) of(account string) *holdings {
	h := b.accounts[account]
	if h == nil {
		h = &holdings{}
		b.accounts[account] = h
	}
	return h
}

// nextSendNumber gives yyyyMMddHHmmss and four digits, never the same twice,
// also when the clock stands still, goes back or a second overflows.
func (b *books) nextSendNumber(now time.Time) string {
	if now.After(b.sent) {
		b.sent, b.sentSequence = now, 0
	}
	b.sentSequence++
	if b.sentSequence > 9999 {
		b.sent, b.sentSequence = b.sent.Add(time.Second), 1
	}
	return fmt.Sprintf("%s%04d", b.sent.Format("20060102150405"), b.sentSequence)
}

// nextArriveID gives the first three characters of the procedure, the year and
// a sequence of nine digits.
func (b *books) nextArriveID(procID string, at time.Time) string {
	key := procID[:3] + at.Format("2006")
	b.arrivals[key]++
	return fmt.Sprintf("%s%09d", key, b.arrivals[key])
}

func (b *books) addBulk(entry *bulk) {
	b.bulks[entry.sendNumber] = entry
	b.order = append(b.order, entry)
	b.pending = append(b.pending, entry)
	b.counts.Bulks++
	h := b.of(entry.account)
	h.bulks = insertByTime(h.bulks, entry, func(e *bulk) time.Time { return e.sentAt })
}

func (b *books) addCase(c *application) {
	b.cases[c.arriveID] = c
	h := b.of(c.bulk.account)
	h.cases = insertByTime(h.cases, c, func(e *application) time.Time { return e.arrivedAt })
}

// insertByTime keeps the list sorted; entries nearly always go to the end.
func insertByTime[T any](list []T, entry T, at func(T) time.Time) []T {
	i := len(list)
	for i > 0 && at(list[i-1]).After(at(entry)) {
		i--
	}
	return slices.Insert(list, i, entry)
}
