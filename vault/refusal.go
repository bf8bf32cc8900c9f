package vault

// IsRefusal reports whether a reveal was refused: the grant does not allow it, now
// or ever. Any other error of Reveal is a failure of custody or storage.
func IsRefusal(err error) bool { return err != nil && refusal(err) != nil }
