package api

// RouteTable lists the routes as "METHOD /path/:param", for comparing them with the
// OpenAPI document.
func (s *Server) RouteTable() []string {
	var list []string
	for _, r := range s.engine.Routes() {
		list = append(list, r.Method+" "+r.Path)
	}
	return list
}

// LeaseLife and AnswerLife tell tests how far to move the clock.
const (
	LeaseLife  = leaseLife
	AnswerLife = answerLife
)
