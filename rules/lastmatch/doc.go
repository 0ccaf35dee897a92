// Package lastmatch reasons about sections in which the last entry that matches decides: /filter, /rules and
// /ignoreUrlParams. It says which entries match nothing, which never decide since later ones match all that they
// match, and which could be left out. It is for the rules of the areas and holds none itself.
//
// The answers are those of package automata and hold for all requests; where an entry is too large for that, they come
// from samples, which [Shadow.Sampled] says. An entry that is not what its text says (a property that is not known, a
// variable without a value, a pattern that is not simulated) is neither judged nor taken as ground for a judgement.
//
// Start from [Of]. Entries are compiled once in a run of the linter, however many farms and rules ask for them. All
// automata of a run together are bounded, too: past that bound entries are not judged.
package lastmatch
