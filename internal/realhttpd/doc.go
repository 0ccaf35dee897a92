// Package realhttpd lets tests ask a real Apache httpd: it starts Debian's apache2 on a free port of the loopback
// interface, below a folder that the test throws away, asks it requests and tells what became of each: the virtual host,
// the handler, the path and query that the handler saw, its environment, and the answer. Where there is no httpd the test
// is skipped.
//
// The stand-in for the Dispatcher module and for what httpd proxies to is a script of mod_lua, so nothing leaves the machine
// and nothing is compiled. What it cannot see: the environment and the request's headers of a request that no handler got;
// FallbackResource, which looks at what mod_lua has changed by then; all but the first value of a header or variable that is
// there several times; and the path of a request that httpd gave up before it had read it. A proxied request always counts as the proxy's, as mod_proxy has it, whatever SetHandler says.
//
// Start from [Find] and [Start].
package realhttpd
