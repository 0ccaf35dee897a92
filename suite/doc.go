// Package suite tests a configuration: requests with what is expected of their answers, written in YAML. It reads suites,
// holds answers against what they expect, says which line of the configuration decided where they differ, and counts which
// rules decided something. It does not answer requests itself and prints nothing: who runs a suite plays its cases (see
// [Options]) and gets a [Report]. Start from [Load] and [Run].
package suite
