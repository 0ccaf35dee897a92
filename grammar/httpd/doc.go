// Package httpd reads Apache httpd configuration: one text to a tree of directives and sections, with the bytes that each
// came from. Like the grammar of .any texts it is total: [Parse] takes every text, and [Check] reads off the tree what is
// wrong with it. Nothing is evaluated here: variables, <IfDefine> and Include are the work of internal/apacheconf, and
// what a directive means is that of model/server. Start from [Parse] and [File].
package httpd
