// Package scenario reads what `simulate --requests` plays: requests in their order, and between them flushes, time that
// passes, renders that fail and files that vanish. Four notations give the same steps: YAML, the .http files of editors, lines
// of words, and lines of JSON; docs/simulate/scenarios.md has them.
//
// A whole text is read before its first step is played, and every mistake has its place. The package plays nothing: it hands
// out requests, and a [Jar] for cookies that lives by the simulated clock. Start from [Parse], or from [One] for a single
// request.
package scenario
