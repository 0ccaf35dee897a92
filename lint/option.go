package lint

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/dispcheck/dispcheck/source"
)

// An Option is something about a rule that a project can set.
type Option struct {
	// Name is the key in the settings, in kebab-case.
	Name string
	// Default is the value where the project sets none: a string, an int, a bool or a []string. It says
	// which of these types a value must have.
	Default any
	// Doc says in one sentence what the option does.
	Doc string
}

// Options are values of options by their names.
type Options map[string]OptionValue

// An OptionValue is what a project sets an option to.
type OptionValue struct {
	// Value is a string, an int, a bool or a []string.
	Value any
	// Span is where it is written, name and value.
	Span source.Span
}

// option returns the option of a name, nil where the rule has none.
func (r *Rule) option(name string) *Option {
	for i := range r.Options {
		if r.Options[i].Name == name {
			return &r.Options[i]
		}
	}
	return nil
}

// kindOf names the type of an option's value for people; "" for what no option can be.
func kindOf(value any) string {
	switch value.(type) {
	case string:
		return "a text"
	case int:
		return "a whole number"
	case bool:
		return "true or false"
	case []string:
		return "a list of texts"
	}
	return ""
}

// Type returns the option's type for people: "text", "whole number", "true or false" or "list of texts".
func (o *Option) Type() string { return strings.TrimPrefix(kindOf(o.Default), "a ") }

// Written returns a value of an option as it is written in .dispcheck.yaml.
func Written(value any) string {
	switch v := value.(type) {
	case string:
		return writtenText(v)
	case []string:
		list := make([]string, len(v))
		for i, text := range v {
			list[i] = writtenText(text)
		}
		return "[" + strings.Join(list, ", ") + "]"
	}
	return fmt.Sprint(value)
}

// writtenText puts a text into quotes where YAML would read it as something else.
func writtenText(s string) string {
	for i := range len(s) {
		c := s[i]
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '/'
		if !letter && (i == 0 || c != '-' && c != '_' && c != '.' && (c < '0' || c > '9')) {
			return strconv.Quote(s)
		}
	}
	switch strings.ToLower(s) {
	case "", "true", "false", "yes", "no", "on", "off", "y", "n", "null":
		return strconv.Quote(s)
	}
	return s
}
