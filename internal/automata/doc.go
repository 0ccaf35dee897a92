// Package automata reasons about sets of strings and sets of requests: whether a pattern lies within others, whether
// two have anything in common, and which string shows that they do not. Rules that speak of dead, redundant or
// impossible filter entries are made of it. It compiles the patterns of package match to deterministic automata, so
// its answers are exact for all strings, not for samples.
//
// A [Language] is a set of byte strings, for sections that compare one text: made by [Limit.Language] of a pattern.
// [Requests] is a set of requests, for /filter: made by [Space.Entry] of the patterns of an entry, whose elements it
// translates into one language over whole requests by the way Dispatcher takes URLs apart. Start from [NewSpace].
//
// Everything is bounded by a [Limit] on states. Past it the error is [ErrTooManyStates], and a caller falls back to
// samples ([Requests] and [Language] give some) and says so. The package knows nothing of farms or of the order of
// rules.
package automata
