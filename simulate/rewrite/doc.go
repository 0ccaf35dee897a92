// Package rewrite is mod_rewrite: it runs rules over a request. It has no part in the rest of httpd: what it needs of the
// request and of the server comes in through [Subject], what it decides is a [Result]. Start from [Compile] and
// [Rules.Run].
//
// Source: httpd.apache.org/docs/2.4, rewrite/ and mod/mod_rewrite.html; behaviour as recorded from httpd 2.4.71.
package rewrite
