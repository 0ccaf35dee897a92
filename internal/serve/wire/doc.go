// Package wire takes the connections of a server, no more than a bound at the same time, and knows the heads of requests as
// clients sent them: net/http keeps neither the order nor the letters of headers, and the Dispatcher passes both on.
//
// Requests without a body on plain connections, which are nearly all that a cache sees, are read and answered here, since what
// net/http does for each takes longer than to decide about a cached page: see Conn.serve. Whatever is not simple goes to net/http,
// with all that follows on its connection. Start from [Server].
package wire
