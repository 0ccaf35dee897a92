// Package report prints what the commands find out: findings as text with the line at fault, as one
// line each, as JSON, and in the forms that other tools read ([FormatNames]); and the difference between
// two texts as a unified diff.
//
// It decides how things look, never what they mean, which stream they go to, or what the exit code is
// (internal/cli does). Everything is deterministic: the same findings give the same bytes, whatever the
// clock or the machine. Columns count characters here, not bytes, because people and editors count so.
// Start from [Printer].
package report
