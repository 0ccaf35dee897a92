// Package model holds a Dispatcher configuration with types: farms, filters, caches, renders. [Decode]
// makes a [Config] of an expanded tree. Every value knows the text it came from and whether it was
// written or is the default, so that a rule can point at it and the engine can say which line decided.
//
// The package knows what properties mean and what they may hold. It does not read files
// (internal/project), put in includes and variables (internal/expand) or answer requests (simulate).
// After Decode nothing changes: a Config is safe for many goroutines.
package model
