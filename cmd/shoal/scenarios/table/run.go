package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"time"
)

// run runs a case: `shoal sim` writes its reports, and the record that they are whole comes last.
func (c *command) run(ctx context.Context, r *row) error {
	if err := os.Remove(c.recordOf(r.name)); err != nil && !os.IsNotExist(err) {
		return err
	}
	binary, err := digest(c.Shoal)
	if err != nil {
		return fmt.Errorf("%w (make build builds it)", err)
	}
	file, err := digest(c.scenario(r.name))
	if err != nil {
		return err
	}
	kept := record{Seeds: c.Seeds, Binary: binary, Scenario: file}
	if r.runs == together {
		err = c.process(ctx, r, &kept, r.name, "--seeds", strconv.Itoa(c.Seeds))
	}
	for seed := 1; r.runs == alone && err == nil && seed <= c.Seeds; seed++ {
		err = c.process(ctx, r, &kept, fmt.Sprintf("%s.%d", r.name, seed), "--seed", strconv.Itoa(seed))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	b, err := json.MarshalIndent(&kept, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(c.recordOf(r.name), append(b, '\n'), 0o644)
}

// process is one of shoal sim. It draws its progress where a terminal is.
func (c *command) process(ctx context.Context, r *row, kept *record, name string, flags ...string) error {
	text, err := os.Create(c.file(name + ".txt"))
	if err != nil {
		return err
	}
	defer text.Close() //nolint:errcheck // what it prints is for people; the report is judged
	cmd := exec.CommandContext(ctx, c.Shoal, slices.Concat([]string{"sim", c.scenario(r.name), "--report", c.file(name + ".json")}, flags)...)
	cmd.Stdout, cmd.Stderr = text, c.stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err() // it has reported what there was
	}
	p := cmd.ProcessState
	kept.Files = append(kept.Files, name+".json")
	kept.Costs = append(kept.Costs, cost{Wall: time.Since(began), CPU: p.UserTime() + p.SystemTime(), Resident: resident(p)})
	return nil
}

// digest is the first digits of a file's SHA-256.
func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() //nolint:errcheck // it was only read
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:6]), nil
}
