// Package yamltext reads YAML as people write settings and test suites in it: one document of
// mappings, lists and plain values. Every [Node] knows its place, so that whoever walks the tree can
// point at the word that is wrong.
//
// It reads less than YAML allows, on purpose. Anchors that are used again, merge keys, tags of one's
// own, repeated keys, several documents, very deep or very large texts are refused with a place and a
// hint: none of them is needed to write settings, and each has made a YAML reader crash, hang or guess.
// It knows no setting and no suite; that is for its callers. Start from [Parse].
package yamltext
