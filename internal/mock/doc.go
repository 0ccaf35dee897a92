// Package mock stands in for renders: it answers from a YAML file, docs/simulate/mocks.md, and fails as renders and networks
// do, without waiting and without a network. A [Mock] is a [simulate.Backend].
//
// Time that passes is the [simulate.Sleeper]'s affair: with that of a [simulate.Timeline], a render that never answers costs
// nothing. Timeouts are those of the render's /timeout and /receiveTimeout. The package does not choose renders, retry, or
// cache; the engine does. Start from [Load], or from [Respond] for one answer to everything.
package mock
