package cli

// commands returns all commands in the order of help. A new command is one line here.
func commands() []*command {
	return []*command{
		simulateCommand(),
		lintCommand(),
		validateCommand(),
		invalidateCommand(),
		testCommand(),
		auditCommand(),
		diffCommand(),
		serveCommand(),
		fmtCommand(),
		parseCommand(),
		expandCommand(),
		showCommand(),
		matchCommand(),
		rulesCommand(),
		explainCommand(),
		configCommand(),
		completionCommand(),
		helpCommand(),
		versionCommand(),
		manCommand(),
		docsCommand(),
	}
}
