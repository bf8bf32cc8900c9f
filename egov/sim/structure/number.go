package structure

// myNumber tells whether s is twelve digits with the right check digit. The
// check digit comes from the eleven others, counted from the right: weights 2
// to 7 for the first six, then 2 to 6; remainder r modulo 11; the digit is 0
// when r is 0 or 1, else 11 - r.
func myNumber(s string) bool {
	if len(s) != 12 || !digits(s) {
		return false
	}
	sum := 0
	for n := 1; n <= 11; n++ {
		weight := n + 1
		if n > 6 {
			weight = n - 5
		}
		sum += int(s[11-n]-'0') * weight
	}
	check := 0
	if r := sum % 11; r > 1 {
		check = 11 - r
	}
	return int(s[11]-'0') == check
}
