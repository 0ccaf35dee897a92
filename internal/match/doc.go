// Package match says what the patterns of a configuration match, byte by byte. Those of the Dispatcher are globs (values
// in double quotes) and POSIX extended regular expressions (values in single quotes), both against the whole string:
// start from [Pattern], made by [Glob], [GlobFold] or [ERE]. Those of httpd (RewriteRule, LocationMatch and so on) are
// Perl-compatible regular expressions that are searched for: start from [PCRE], made by [CompilePCRE].
//
// It does not decide which string a pattern is compared with, and it knows nothing of the syntax around: undo the
// escapes of the quoted value first.
//
// Globs follow the table "Designing patterns for glob properties" of AdobeDocs/experience-manager-dispatcher.en,
// dispatcher-configuration.md. Regular expressions have the meaning and the refusals of glibc's
// regcomp(REG_EXTENDED) in the C locale, which Adobe's module for Linux most likely calls; other C libraries
// (musl, macOS) differ in corners. A compiled pattern is immutable and matching never allocates.
//
// [Pattern.Expr] and [ParseERE] give the syntax tree, [Expr], to code that reasons about patterns instead of
// running them; [PCRE.Expr] does where it can. Everything is bounded: see [MaxDepth], [MaxSize] and [ErrLimit].
package match
