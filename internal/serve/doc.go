// Package serve is a Dispatcher on a port: a configuration answers over HTTP with the engine that simulate asks, so that a
// decision is the same here and there. The cache is a folder, or memory; renders are real or mocked; a configuration that is
// saved takes the place of the one before without a request being dropped.
//
// Start from [New] and [Server.Run]. A request goes through the files in this order: listen.go takes the connection, incoming.go
// makes the engine's request of it, generation.go asks the configuration that serves, answer.go writes what comes out, and
// record.go keeps what the page and the logs tell. What the Dispatcher itself decides is in package simulate.
package serve
