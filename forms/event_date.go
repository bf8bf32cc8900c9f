package forms

// Destination is the name of the 提出先 that the application goes to, as
// kousei.xml gives it.
func (f *Filled) Destination() string {
	x, ok := f.p.byName["destination_name"]
	if !ok {
		return ""
	}
	return f.values[x.index].show
}

// EventDate reads the day of the event from an event that need not be valid
// otherwise, as YYYY-MM-DD; empty when none of its dates can be read. It takes
// no master data into account, so that equal events have equal dates.
func (p *Procedure) EventDate(event Event) string {
	w := &filling{p: p, event: event, values: make([]converted, len(p.fields)), given: make([]bool, len(p.fields)),
		failed: make([]bool, len(p.fields)), source: make([]string, len(p.fields))}
	for _, f := range p.fields {
		if f.event {
			w.convert(f)
		}
	}
	for _, f := range p.eventDate {
		w.computeField(f)
		if v := w.values[f.index]; v.set {
			return v.date.Format("2006-01-02")
		}
	}
	return ""
}
