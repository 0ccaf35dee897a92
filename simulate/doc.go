// Package simulate answers a request as Adobe's Dispatcher module would, and says why: which farm takes it,
// which filter rule lets it through or not, whether its answer may be cached and in which file. It reads a typed
// configuration ([model.Config]) and knows nothing of files, flags or output.
//
// An [Engine] is compiled once from a configuration and decides any number of requests from any number of
// goroutines: [Engine.Decide] fills a [Decision] that the caller owns and, where one is passed, a [Trace]. The
// steps are stages, one file each, in one list in engine.go; docs/simulate says what they do and what they do
// not. What is not simulated is said with the reason [NotSimulated], never guessed. Start from [New].
package simulate
