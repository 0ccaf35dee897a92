// Package lint says what a rule is: one kind of mistake, with the id and name that never change, its
// severity, and the text that explains it. A finding (package diag) carries the id of its rule; the rule
// has what holds for all its findings.
//
// The rules of today describe what others find while they read a configuration: package grammar, the
// expansion of includes and variables, package model. [Rule.Reported] says which of them. A linter adds
// rules that look for themselves at a file or a whole configuration; their functions then stand beside
// the facts in [Rule]. Nothing here looks yet.
//
// The package does not know the rules: they are values in the packages below rules. Start from [Rule].
package lint
