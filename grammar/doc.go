// Package grammar turns .any text into a tree and back: [Scan] makes tokens, [Parse] makes a tree of
// them, [Check] says what is wrong with it, [Format] lays the text out anew.
//
// Nothing is lost on the way: the tokens joined are the text, every comment is on the tree once, and
// every node knows its bytes. Parse cannot fail; a missing quote or brace costs what it must and no
// more, so that an editor, a linter and a formatter all read the rest of a broken file.
//
// The package knows the notation, not what properties mean (that is package model) nor what an
// $include names (internal/expand). Start from [Parse] and [File].
//
// The notation is described in AdobeDocs/experience-manager-dispatcher.en, dispatcher-configuration.md.
package grammar
