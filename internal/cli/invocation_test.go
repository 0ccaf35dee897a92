package cli

import "testing"

func TestColored(t *testing.T) {
	tests := []struct {
		name     string
		color    string
		env      map[string]string
		terminal bool
		want     bool
	}{
		{"terminal", "auto", nil, true, true},
		{"pipe", "auto", nil, false, false},
		{"always", "always", map[string]string{"NO_COLOR": "1", "TERM": "dumb"}, false, true},
		{"never", "never", map[string]string{"FORCE_COLOR": "1"}, true, false},
		{"NO_COLOR", "auto", map[string]string{"NO_COLOR": "1"}, true, false},
		{"NO_COLOR empty", "auto", map[string]string{"NO_COLOR": ""}, true, true},
		{"NO_COLOR over FORCE_COLOR", "auto", map[string]string{"NO_COLOR": "1", "FORCE_COLOR": "1"}, true, false},
		{"FORCE_COLOR", "auto", map[string]string{"FORCE_COLOR": "1"}, false, true},
		{"FORCE_COLOR over dumb", "auto", map[string]string{"FORCE_COLOR": "1", "TERM": "dumb"}, false, true},
		{"FORCE_COLOR zero", "auto", map[string]string{"FORCE_COLOR": "0"}, true, false},
		{"CLICOLOR_FORCE", "auto", map[string]string{"CLICOLOR_FORCE": "1"}, false, true},
		{"CLICOLOR_FORCE zero", "auto", map[string]string{"CLICOLOR_FORCE": "0"}, false, false},
		{"CLICOLOR zero", "auto", map[string]string{"CLICOLOR": "0"}, true, false},
		{"dumb", "auto", map[string]string{"TERM": "dumb"}, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := colored(tt.color, environment(tt.env), tt.terminal); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}
