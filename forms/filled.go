package forms

import "time"

// Filled is a validated application without its numbers and without the dates
// of submission. It is immutable.
type Filled struct {
	p      *Procedure
	values []converted
	slots  []NumberSlot
}

// NumberSlot is a place for one My Number: Name is the slot (for example
// "person"), Label the column's words, FormID and Path the element.
type NumberSlot struct{ Name, Label, FormID, Path string }

// filled settles the number columns: each is either a slot, or filled with the
// other number that the event chose, or empty.
func (w *filling) filled() *Filled {
	out := &Filled{p: w.p, values: w.values}
	for _, f := range w.p.fields {
		if f.typ.name != "number" {
			continue
		}
		if f.kind != nil && w.values[f.kind.index].canon != kindMyNumber {
			if f.other != nil {
				w.values[f.index] = w.values[f.other.index]
			}
			continue
		}
		out.values[f.index] = converted{set: true, canon: f.def.Slot, parts: [4]string{MaskedNumber}, show: MaskedNumber}
		out.slots = append(out.slots, NumberSlot{Name: f.def.Slot, Label: f.label, FormID: f.form, Path: f.parts[0]})
	}
	return out
}

// kindMyNumber is the code by which a number column asks for a slot; any other
// code takes the alternative or leaves the column empty.
const kindMyNumber = "my_number"

// isSlot says whether a field is written with digits given to Build.
func (f *Filled) isSlot(x *field) bool {
	return x.typ.name == "number" && f.values[x.index].parts[0] == MaskedNumber
}

// Numbers lists the My Numbers that Build needs, in the order of the form;
// none when the event chose another number.
func (f *Filled) Numbers() []NumberSlot { return append([]NumberSlot(nil), f.slots...) }

// Procedure is the procedure that this application is for.
func (f *Filled) Procedure() *Procedure { return f.p }

// EventDate is the day of the event that the filing reports, at midnight UTC;
// zero when the procedure has none.
func (f *Filled) EventDate() time.Time {
	for _, x := range f.p.eventDate {
		if v := f.values[x.index]; v.set {
			return v.date
		}
	}
	return time.Time{}
}

// NotBefore is the first moment, in Japanese time, at which the filing may be
// submitted; zero when there is no such limit.
func (f *Filled) NotBefore() time.Time {
	d := f.EventDate()
	if d.IsZero() {
		return d
	}
	y, m, n := d.AddDate(0, 0, f.p.notBeforeDays).Date()
	return time.Date(y, m, n, 0, 0, 0, 0, jst)
}
