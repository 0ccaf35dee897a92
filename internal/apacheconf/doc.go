// Package apacheconf reads a server's configuration as httpd does when it starts: text by text and line by line, because
// Define, UnDefine and LoadModule change what later lines mean. It puts in Include and IncludeOptional, replaces ${NAME},
// decides <IfDefine>, <IfModule>, <IfFile> and <IfVersion>, and uses macros. It knows nothing of what other directives
// mean: that is model/server. Start from [Read] and [Tree].
//
// Source: httpd.apache.org/docs/2.4, configuring.html, core.html, mod_macro.html; behaviour as recorded from httpd 2.4.71.
package apacheconf
