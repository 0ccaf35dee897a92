// Package match says what a pattern of a Dispatcher configuration matches: globs (values in double quotes) and
// POSIX extended regular expressions (values in single quotes), both against the whole string and byte by byte.
// It does not decide which string a pattern is compared with, and it knows nothing of .any syntax: undo the
// escapes of the quoted value first. Start from [Pattern], made by [Glob], [GlobFold] or [ERE].
//
// Globs follow the table "Designing patterns for glob properties" of AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md. Regular expressions have the meaning and the refusals of glibc's
// regcomp(REG_EXTENDED) in the C locale, which Adobe's module for Linux most likely calls; other C libraries
// (musl, macOS) differ in corners. A compiled pattern is immutable and matching never allocates.
//
// [ParseERE] and [ParseGlob] give the syntax tree, [Expr], to code that reasons about patterns instead of
// running them. Everything is bounded: see [MaxDepth] and [MaxSize].
package match
