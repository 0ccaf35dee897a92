// Package decisiondiff finds what changes for visitors between two configurations: requests that one of them answers in
// another way than the other does. Both answer the same requests, from end to end, and what they decide is compared:
// virtual host, redirect, rewriting, farm, filter, cache, render, headers. Requests come from logs and lists, or are made of
// both configurations' patterns, so that each place where they part has a request in it.
//
// How requests are made: lists of rules are compared first (lists.go). What only one side has, or has elsewhere, is where a
// difference can come from. For filters and the like, automata give a request of each region in which the rules that decide
// differ, or the proof that there is none (regions.go). For httpd, items.go says of each directive which paths, hosts, and
// headers it looks at, and strings.go makes such that fit, that just do not, and that fit on one side alone. Whether
// a request is answered differently is never concluded from texts: the engines are asked.
//
// The names of rules and farms, the order of what does not depend on order, and which file something stands in make no
// difference. Start from [Compare].
package decisiondiff
