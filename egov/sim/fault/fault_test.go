package fault_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"todoke/egov/sim/fault"
)

func TestScriptPicks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		rule fault.Rule
		want []bool // of four requests to "bulk-apply"
	}{
		{"always", fault.Rule{Effect: fault.Slow}, []bool{true, true, true, true}},
		{"other operation", fault.Rule{Effect: fault.Slow, Operation: "report"}, []bool{false, false, false, false}},
		{"once", fault.Rule{Effect: fault.Slow, Count: 1}, []bool{true, false, false, false}},
		{"the third", fault.Rule{Effect: fault.Slow, Skip: 2, Count: 1}, []bool{false, false, true, false}},
		{"not for requests", fault.Rule{Effect: fault.Hide}, []bool{false, false, false, false}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := fault.NewScript(1, tt.rule)
			var got []bool
			for range 4 {
				_, ok := s.Request("bulk-apply")
				got = append(got, ok)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScriptIsRepeatable(t *testing.T) {
	t.Parallel()
	run := func() (out []bool) {
		s := fault.NewScript(42, fault.Rule{Effect: fault.DropAnswer, Probability: 0.5})
		for range 200 {
			_, ok := s.Request("bulk-apply")
			out = append(out, ok)
		}
		return out
	}
	first, hits := run(), 0
	for _, ok := range first {
		if ok {
			hits++
		}
	}
	if hits < 60 || hits > 140 {
		t.Errorf("%d of 200 hits at probability 0.5", hits)
	}
	if diff := cmp.Diff(first, run()); diff != "" {
		t.Error("same seed, other faults:", diff)
	}
}

func TestApplicationMatchesFolderAndProcedure(t *testing.T) {
	t.Parallel()
	s := fault.NewScript(0, fault.Rule{Effect: fault.Refuse, Folder: "4950008680033000", Content: "x"})
	if _, ok := s.Application("4950008680034000", "4950008680034000"); ok {
		t.Error("another folder was refused")
	}
	if _, ok := s.Application("4950008680033000(2)", "4950008680033000"); !ok {
		t.Error("the procedure was not matched")
	}
	var none *fault.Script
	if _, ok := none.Bulk(); ok {
		t.Error("a nil script applied")
	}
}
