// Package docroot keeps the document roots of a configuration: the folders that a Dispatcher writes its cache into.
// It is where the engine's simulate.Store comes from. Disk is a real folder; a name never leads out of it, whatever
// links stand in it. Memory is the same in memory, for tests, scenarios and lists of cached URLs. Overlay keeps what
// is written and removed in memory, above another store that stays as it is.
//
// All three behave alike, and show the same files under document roots that lie in each other. What is cached, for how
// long and under which name is not decided here; that is the engine's. Start from NewDisk.
package docroot
