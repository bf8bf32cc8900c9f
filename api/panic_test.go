package api_test

import "context"

// panicking fails in the worst way: with a number in the panic's value and in an
// argument.
func panicking(context.Context) error { return panicWith([]byte(digitsA)) }

//go:noinline
func panicWith(value []byte) error { panic(string(value)) }
