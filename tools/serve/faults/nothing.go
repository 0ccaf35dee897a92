package main

import (
	"io"
	"log"
)

// nothing is the log of a publish that is meant to fail.
var nothing = log.New(io.Discard, "", 0)
