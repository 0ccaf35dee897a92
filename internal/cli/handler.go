package cli

import (
	"context"
	"os/exec"
	"time"
)

// runHandler runs the program of /invalidateHandler, for a minute at most. What it has started goes with it.
func runHandler(ctx context.Context, args []string) error {
	const most = time.Minute
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	endWhole(cmd)
	cmd.WaitDelay = time.Second
	return cmd.Run()
}
