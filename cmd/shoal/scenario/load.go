package scenario

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// Known is what a scenario may refer to.
type Known struct {
	Policies []string                          // built in
	Open     func(name string) ([]byte, error) // reads a file that the scenario names
}

// Load reads the file at path; what it names is found from its folder. policies are those built in.
// Errors: ErrScenario.
func Load(path string, policies []string) (*Scenario, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w (begin with a copy of cmd/shoal/scenario.example.yml)", ErrScenario, err)
	}
	from := func(name string) string {
		if filepath.IsAbs(name) {
			return name
		}
		return filepath.Join(filepath.Dir(path), name)
	}
	s, err := Parse(filepath.Base(path), b, Known{policies, func(name string) ([]byte, error) { return os.ReadFile(from(name)) }})
	if err != nil {
		return nil, err
	}
	for i := range s.Policy {
		if p := &s.Policy[i]; p.Path != "" {
			if p.Path, err = filepath.Abs(from(p.Path)); err != nil {
				return nil, fmt.Errorf("%w: policy.path: %w", ErrScenario, err)
			}
		}
	}
	return s, nil
}

// Parse reads a scenario. name stands for its file in errors. Errors: ErrScenario.
func Parse(name string, b []byte, known Known) (*Scenario, error) {
	s := Default()
	keys, err := yaml.Parse(name, b, &s)
	if err == nil {
		err = s.readTrace(keys, known.Open)
	}
	if err == nil {
		err = s.validate(keys, known.Policies)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrScenario, err)
	}
	return &s, nil
}
