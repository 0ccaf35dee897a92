//go:build !race

package testkit

// Race says that the race detector is on: pools then drop what they are given, so that nothing can be said about
// allocations.
const Race = false
