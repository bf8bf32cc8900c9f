package egov

import (
	"net/http"
	"time"
)

// noteDate remembers how this computer's clock compares with the Date of an answer
// (RFC 9110, 6.6.1). An answer without a readable date says nothing.
func (c *Client) noteDate(header http.Header) {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		return
	}
	skew := c.cfg.Clock().Sub(date)
	c.skew.Store(&skew)
}

// Skew is how far this computer's clock was ahead of e-Gov's when the last listing
// was answered, to the second or so; false before the first answer that says.
// Listings are asked for by day: a clock that is off asks for the wrong ones.
func (c *Client) Skew() (time.Duration, bool) {
	skew := c.skew.Load()
	if skew == nil {
		return 0, false
	}
	return *skew, true
}
