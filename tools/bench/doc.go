// Package bench measures dispcheck against well-known Go tools of the same kind, in the same run and on
// the same machine, because only such ratios mean anything elsewhere. It is a module of its own so that
// those tools are nobody else's dependency.
//
//	go test -bench . -cpu 1 -count 10 > new.txt && benchstat -col .name new.txt
//
// Each group writes the same farms, rules and comments in the notation of each tool.
package bench
