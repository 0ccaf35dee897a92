//go:build !urfave_cli_no_docs

package main

const noDocs = false
