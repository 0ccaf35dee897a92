package managedmaps

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dispcheck/dispcheck/source"
)

func TestRead(t *testing.T) {
	tests := []struct{ name, text, maps, mistakes string }{
		{"whole", "maps:\n- name: a.map\n  path: /content/a.txt\n  wait: true\n  ttl: 600\n- name: b\n  path: /b\n", "a.map b", ""},
		{"no path", "maps:\n- name: a\n", "a", "2:3 a map has no path"},
		{"no name", "maps:\n- path: /a\n", "", "2:3 a map has no name"},
		{"twice", "maps:\n- {name: a, path: /a}\n- {name: a, path: /b}\n", "a", "3:10 two maps have the name a"},
		{"types", "maps:\n- {name: a, path: /a, wait: yes, ttl: soon}\n", "a", "2:29 wait is a text\n2:39 ttl is no number of seconds"},
		{"path in name", "maps:\n- {name: ../a, path: /a}\n", "", "2:10 name ../a is no name of a file"},
		{"no list", "maps: a\n", "", "1:7 maps is a text, and should be a list"},
		{"no maps", "map: []\n", "", "1:1 there is no key maps"},
		{"entry", "maps: [a]\n", "", "1:8 a map is a text, and should have keys"},
		{"no yaml", "maps: [a\n", "", "!"},
		{"empty", "", "", "1:1 there is no key maps"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			maps, mistakes := Read(source.NewFile("maps.yaml", []byte(tt.text)))
			var names, said []string
			for _, m := range maps {
				names = append(names, m.Name)
			}
			for _, m := range mistakes {
				p := m.At.Position()
				said = append(said, fmt.Sprintf("%d:%d %s", p.Line, p.Column, m.Message))
			}
			got := strings.Join(said, "\n")
			if tt.mistakes == "!" && got != "" {
				got = "!"
			}
			if diff := cmp.Diff(tt.maps+"\n"+tt.mistakes, strings.Join(names, " ")+"\n"+got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
