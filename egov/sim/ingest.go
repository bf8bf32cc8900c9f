package sim

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"todoke/egov/sim/inspect"
	"todoke/egov/wire"
)

// Ingest ingests every bulk that is waiting, due or not. With ManualIngest it
// is the only thing that does.
func (s *Server) Ingest() { s.ingest(true) }

// settle ingests what has become due; every question about bulks or cases
// comes after it.
func (s *Server) settle() { s.ingest(false) }

// ingest takes the waiting bulks in the order of their acceptance. Judging a
// bulk takes long and happens outside the lock on the books.
func (s *Server) ingest(all bool) {
	s.ingesting.Lock()
	defer s.ingesting.Unlock()
	now := s.now()
	for {
		next := s.nextDue(now, all)
		if next == nil {
			return
		}
		at := next.due
		if s.config.ManualIngest || at.After(now) {
			at = now
		}
		folders, _ := inspect.Open(next.raw) // it opened when it was accepted
		s.enter(next, folders, s.judge(folders, at), at)
	}
}

// judge inspects the folders of a bulk on all processors; the verdicts keep
// the order of the folders.
func (s *Server) judge(folders []*inspect.Folder, at time.Time) []inspect.Verdict {
	verdicts := make([]inspect.Verdict, len(folders))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(folders)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(folders)); i = next.Add(1) - 1 {
				verdicts[i] = s.inspector.Folder(folders[i], at)
			}
		})
	}
	workers.Wait()
	return verdicts
}

func (s *Server) nextDue(now time.Time, all bool) *bulk {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.books.pending) == 0 {
		return nil
	}
	next := s.books.pending[0]
	if !all && (s.config.ManualIngest || now.Before(next.due)) {
		return nil
	}
	return next
}

// enter writes the outcome of a bulk into the books. The package is forgotten.
func (s *Server) enter(b *bulk, folders []*inspect.Folder, verdicts []inspect.Verdict, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.books.pending = s.books.pending[1:]
	b.raw, b.ingested = nil, true
	for i, v := range verdicts {
		f := folder{
			name: inspect.Mask(folders[i].Name), procID: v.ProcID, procName: v.ProcName,
			unlisted: v.Unlisted, findings: v.Findings,
		}
		if len(f.findings) == 0 {
			f.findings = s.ministryRefusal(f)
		}
		if len(f.findings) > 0 {
			s.books.counts.Refused++
		} else {
			s.arrive(b, &f, v, at)
		}
		b.folders = append(b.folders, f)
	}
}

// ministryRefusal applies a Refuse fault to an application without findings.
func (s *Server) ministryRefusal(f folder) []wire.ReportRow {
	rule, hit := s.script.Load().Application(f.name, f.procID)
	if !hit {
		return nil
	}
	content := rule.Content
	if content == "" {
		content = "申請を受け付けることができません。"
	}
	return []wire.ReportRow{{FormName: "-", AttachedFileName: "-", FileName: "-", Item: "-", Content: content}}
}

func (s *Server) arrive(b *bulk, f *folder, v inspect.Verdict, at time.Time) {
	f.arriveID, f.arrivedAt, f.fingerprint = s.books.nextArriveID(v.ProcID, at), at, v.Fingerprint
	s.books.counts.Accepted++
	if s.books.fingerprints[f.fingerprint] > 0 {
		s.books.counts.Duplicates++
	}
	s.books.fingerprints[f.fingerprint]++
	s.books.addCase(&application{
		bulk: b, arriveID: f.arriveID, arrivedAt: at, procName: v.ProcName,
		corporation: v.Corporation, applicant: v.Applicant, destination: v.Destination,
	})
}
