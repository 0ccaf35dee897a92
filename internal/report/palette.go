package report

import (
	"io"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"github.com/dispcheck/dispcheck/diag"
)

// A paint colours a piece of one line.
type paint func(string) string

func plain(s string) string { return s }

// A palette holds the colours of one stream: the 16 that every terminal has, so that nothing needs to
// be asked of the terminal.
type palette struct {
	color                                bool
	severity                             [diag.Error + 1]paint
	place, gutter, label, add, del, hunk paint
}

// newPalette makes the palette for a stream. Without colour nothing of lipgloss is touched, which keeps
// plain output fast.
func newPalette(w io.Writer, color bool) *palette {
	p := &palette{place: plain, gutter: plain, label: plain, add: plain, del: plain, hunk: plain}
	for i := range p.severity {
		p.severity[i] = plain
	}
	if !color {
		return p
	}
	if restore, err := termenv.EnableVirtualTerminalProcessing(termenv.NewOutput(w)); err == nil {
		_ = restore // the console keeps the mode; undoing it would cut off output still on its way
	}
	p.color = true
	r := lipgloss.NewRenderer(w)
	r.SetColorProfile(termenv.ANSI)
	style := func(color string, bold bool) paint {
		s := r.NewStyle().Bold(bold).TabWidth(lipgloss.NoTabConversion)
		if color != "" {
			s = s.Foreground(lipgloss.Color(color))
		}
		return func(text string) string {
			if text == "" {
				return ""
			}
			return s.Render(text)
		}
	}
	const red, green, yellow, blue, cyan = "1", "2", "3", "4", "6"
	p.severity[diag.Error] = style(red, true)
	p.severity[diag.Warning] = style(yellow, true)
	p.severity[diag.Info] = style(cyan, true)
	p.severity[diag.Hint] = style(green, true)
	p.place = style("", true)
	p.gutter = style(blue, false)
	p.label = style(blue, true)
	p.add, p.del, p.hunk = style(green, false), style(red, false), style(cyan, false)
	return p
}

func (p *palette) of(s diag.Severity) paint {
	if int(s) < len(p.severity) {
		return p.severity[s]
	}
	return plain
}
