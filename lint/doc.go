// Package lint runs rules over a configuration and says what comes of it. A [Rule] is one kind of mistake:
// its id and name, which never change, its severity, its page, and a function that looks for it, unless
// those who read the configuration find it (packages grammar and model, the expansion of includes);
// [Rule.Reported] says which of them. Findings of both kinds go the same way through [Run]: the settings of
// the project, files that must not be changed, comments that suppress.
//
// What to do with findings then is here as well: [SelectFixes] picks the edits that go together, a
// [Baseline] holds those that were known before.
//
// The package reads neither files nor settings, prints nothing, and does not know the rules: they are values
// in the packages below rules. Start from [Run].
package lint
