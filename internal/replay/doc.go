// Package replay sends the requests of access logs through the engine and counts what becomes of them: what is denied, what is
// not cacheable and why, which rules decide and which never do. It keeps one record of each distinct request, decides it once,
// and counts in bounded memory.
//
// A log knows some of a request. Where a decision hangs on the rest, the request is decided both ways, and where the answers
// differ the verdict is [Depends], with what it depends on: see [simulate.Unknowns] and explore.go.
//
// A [Result] is made by [Run] from logs, or by [Merge] from results that were written with [Result.Encode]; any way of sharing
// out the lines of a log gives the same [Result.Summary] in the end. What is printed is made of a Summary alone.
//
// The files: run.go reads logs and shares out blocks of lines; key.go makes of a record what tells distinct requests apart;
// table.go counts them; decide.go and explore.go decide one; verdict.go is what is remembered of a decision; catalog.go is
// what could have decided; partial.go writes and reads results; summary.go adds up; forecast.go plays the log on a cache.
package replay
