package forms

import (
	"testing"

	"todoke/schemas"
)

func BenchmarkFillAndBuild(b *testing.B) {
	for _, id := range allProcedures {
		b.Run(id, func(b *testing.B) {
			p, facts, event, attachments := procedure(b, id), testFacts(), testEvent(id), certificate()
			digits := map[string][]byte{"person": testNumber}
			b.ReportAllocs()
			for b.Loop() {
				filled, findings := p.Fill(facts, event, testNow)
				if len(findings) > 0 {
					b.Fatal(findings)
				}
				app, err := filled.Build(testAt, digits, attachments)
				if err != nil {
					b.Fatal(err)
				}
				app.Wipe()
			}
		})
	}
}

func BenchmarkPack(b *testing.B) {
	folders := []Folder{mustBuild(b, employmentGain).Folder(employmentGain, nil)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Pack(folders); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(schemas.FS); err != nil {
			b.Fatal(err)
		}
	}
}
