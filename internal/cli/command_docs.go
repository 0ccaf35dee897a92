package cli

import (
	"context"
	"os"
	"path/filepath"
)

// docsCommand writes the generated documents. It is for whoever builds the program.
func docsCommand() *command {
	return &command{
		name: "docs", usage: "write the generated pages of docs", args: "FOLDER",
		about:   "Writes settings.md and commands/*.md into the folder.",
		minArgs: 1, maxArgs: 1, bare: true, hidden: true,
		run: func(_ context.Context, in *invocation) error {
			dir := in.args[0]
			if err := os.MkdirAll(filepath.Join(dir, "commands"), 0o777); err != nil {
				return newFileError(display(dir), err)
			}
			if err := in.writeFile(filepath.Join(dir, "settings.md"), whole([]byte(SettingsMarkdown()))); err != nil {
				return err
			}
			pages := CommandMarkdown()
			for _, name := range pageNames(pages) {
				if err := in.writeFile(filepath.Join(dir, "commands", name), whole([]byte(pages[name]))); err != nil {
					return err
				}
			}
			return nil
		},
	}
}
