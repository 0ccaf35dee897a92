// Package form reads YAML by tables: a [Table] says which keys a mapping has, what each means, and what its value may be.
// From one table come the reader, its messages, and the JSON schema for editors, so that they cannot disagree.
//
// A [Value] is a way to read one value and the schema that says the same. What a table cannot say, such as that two keys
// exclude each other, is for the caller to check on what was read; tables hold no such rules. Mistakes are collected in a
// [Reader], all of them, each with its place. Start from [Table].
package form
